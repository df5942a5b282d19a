/** Of a place of data: the fabric, and where that was. */
interface InFabric {
  fabric?: string | undefined;
  where?: Record<string, string> | undefined;
}

export const isSameFabric = (one: InFabric, other: InFabric) =>
  one.fabric === other.fabric && JSON.stringify(one.where) === JSON.stringify(other.where);
