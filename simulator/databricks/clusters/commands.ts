import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ok } from '../../steering/answers';
import type { Later } from '../../steering/timers';
import { type CallerRequest, type Operation, readBody, readQuery } from '../operation';
import { commandProblem } from '../problems';
import type { Context, Principal, Store } from '../store';
import { clusterNamed } from './clusters';
import { interpret, type Results } from './interpreter';

const BASE = '/api/1.2';
/** The oldest are forgotten, for a simulator that runs for days. */
const KEPT = 1000;

const language = z.enum(['python', 'scala', 'sql', 'r']);
const id = z.string().min(1);
const ContextCreation = z.strictObject({ clusterId: id, language });
const ContextId = z.strictObject({ clusterId: id, contextId: id });
const Execution = ContextId.extend({ language, command: z.string() });
const CommandId = ContextId.extend({ commandId: id });

interface Command {
  id: string;
  contextId: string;
  status: 'Queued' | 'Running' | 'Cancelling' | 'Cancelled' | 'Finished' | 'Error';
  results: Results | undefined;
}

interface Dependencies {
  store: Store;
  later: Later;
  catalog: string;
  /** Milliseconds that a context is Pending. */
  contextDuration: number;
  /** Milliseconds that a command runs, besides what it does. */
  duration: number;
}

const isOver = ({ status }: Command) => ['Cancelled', 'Finished', 'Error'].includes(status);

/** A cluster that runs, for one who may attach to it. */
const demandRunning = (store: Store, caller: Principal, clusterId: string) => {
  const { state } = clusterNamed(store, caller, clusterId);
  if (state !== 'RUNNING')
    throw commandProblem(
      400,
      'ClusterNotReadyException',
      `Cluster ${clusterId} is not running: its state is ${state}.`,
    );
};

const contextOf = (
  store: Store,
  caller: Principal,
  { clusterId, contextId }: z.output<typeof ContextId>,
): Context => {
  demandRunning(store, caller, clusterId);
  const context = store.contexts.get(contextId);
  if (context?.clusterId !== clusterId || context.destroyed)
    throw commandProblem(404, 'ContextNotFound', `Context ${contextId} is not there.`);
  return context;
};

/** The Command API 1.2, in camel case. Commands of a context run one after the other. */
export const createCommands = (deps: Dependencies) => {
  const { store, later, catalog, contextDuration, duration } = deps;
  let commands = new Map<string, Command>();
  let tails = new Map<string, Promise<void>>();

  const create = ({ caller, body }: CallerRequest) => {
    const { clusterId, language: spoken } = readBody(ContextCreation, body);
    demandRunning(store, caller, clusterId);
    const context: Context = {
      id: randomUUID(),
      clusterId,
      language: spoken,
      status: 'Pending',
      destroyed: false,
    };
    store.contexts.set(context.id, context);
    later(contextDuration, () => {
      context.status = 'Running';
    });
    return ok({ id: context.id });
  };

  const run = async (command: Command, code: string, context: Context, caller: Principal) => {
    if (isOver(command)) return;
    command.status = 'Running';
    if (duration > 0) await sleep(duration, undefined, { ref: false });
    const session = { store, caller, catalog, schema: 'default', parameters: new Map() };
    const results = await interpret(context.language, code, session);
    if (isOver(command)) return;
    Object.assign(command, { status: 'Finished', results });
  };

  const execute = ({ caller, body }: CallerRequest) => {
    const { language: spoken, command: code, ...ids } = readBody(Execution, body);
    const context = contextOf(store, caller, ids);
    if (context.status !== 'Running')
      throw commandProblem(400, 'ContextNotReady', `Context ${context.id} is ${context.status}.`);
    if (spoken !== context.language)
      throw commandProblem(400, 'Exception', `The context speaks ${context.language}.`);
    const command: Command = {
      id: randomUUID().replaceAll('-', ''),
      contextId: context.id,
      status: 'Queued',
      results: undefined,
    };
    commands.set(command.id, command);
    const [oldest] = commands.keys();
    if (commands.size > KEPT && oldest !== undefined) commands.delete(oldest);
    const before = tails.get(context.id) ?? Promise.resolve();
    tails.set(
      context.id,
      before.then(() => run(command, code, context, caller)),
    );
    return ok({ id: command.id });
  };

  const commandOf = (caller: Principal, ids: z.output<typeof CommandId>) => {
    const context = contextOf(store, caller, ids);
    const command = commands.get(ids.commandId);
    if (command?.contextId === context.id) return command;
    throw commandProblem(404, 'CommandNotFound', `Command ${ids.commandId} is not there.`);
  };

  const end = (command: Command) => {
    if (!isOver(command)) command.status = 'Cancelled';
  };

  const destroy = ({ caller, body }: CallerRequest) => {
    const context = contextOf(store, caller, readBody(ContextId, body));
    context.destroyed = true;
    for (const command of commands.values()) if (command.contextId === context.id) end(command);
    tails.delete(context.id);
    return ok({ id: context.id });
  };

  const operations: Operation[] = [
    { id: 'createContext', method: 'post', paths: [`${BASE}/contexts/create`], run: create },
    {
      id: 'contextStatus',
      method: 'get',
      paths: [`${BASE}/contexts/status`],
      run: ({ caller, query }) => {
        const { id: found, status } = contextOf(store, caller, readQuery(ContextId, query));
        return ok({ id: found, status });
      },
    },
    { id: 'destroyContext', method: 'post', paths: [`${BASE}/contexts/destroy`], run: destroy },
    { id: 'executeCommand', method: 'post', paths: [`${BASE}/commands/execute`], run: execute },
    {
      id: 'commandStatus',
      method: 'get',
      paths: [`${BASE}/commands/status`],
      run: ({ caller, query }) => {
        const {
          id: found,
          status,
          results = null,
        } = commandOf(caller, readQuery(CommandId, query));
        return ok({ id: found, status, results });
      },
    },
    {
      id: 'cancelCommand',
      method: 'post',
      paths: [`${BASE}/commands/cancel`],
      run: ({ caller, body }) => {
        const command = commandOf(caller, readBody(CommandId, body));
        end(command);
        return ok({ id: command.id });
      },
    },
  ];
  return {
    operations,
    clear: () => {
      for (const command of commands.values()) end(command);
      commands = new Map();
      tails = new Map();
    },
  };
};
