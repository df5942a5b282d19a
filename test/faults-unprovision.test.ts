import { useHarnesses } from './support/faults/harnesses';
import { testRows } from './support/faults/rows';

testRows('unprovision', useHarnesses());
