import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Reader, Type, loadSync } from 'protobufjs';
import { z } from 'zod';

/*
 * A collector that takes OTLP over HTTP and nothing that is not valid: it answers 400 and keeps why.
 * Whether parents are known is seen when all spans have come.
 */

const type = loadSync(path.join(__dirname, 'otlp.proto')).lookupType('ExportTraceServiceRequest');

const hex = (bytes: number) =>
  z.string().transform((base64, context) => {
    const buffer = Buffer.from(base64, 'base64');
    if (buffer.length !== bytes || buffer.every((byte) => byte === 0))
      context.addIssue(`is no id of ${String(bytes)} bytes`);
    return buffer.toString('hex');
  });

const Value = z.union([
  z.strictObject({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.strictObject({ boolValue: z.boolean() }).transform(({ boolValue }) => boolValue),
  z.strictObject({ intValue: z.string() }).transform(({ intValue }) => Number(intValue)),
  z.strictObject({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
]);

const Attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: Value }))
  .default([])
  .transform((all, context) => {
    const attributes = Object.fromEntries(all.map(({ key, value }) => [key, value]));
    if (Object.keys(attributes).length < all.length) context.addIssue('has an attribute twice');
    return attributes;
  });

const nanoseconds = z.string().transform((text) => BigInt(text));
/** The time of the first of these traces is later. */
const LONG_AGO = BigInt(Date.parse('2020-01-01')) * 1_000_000n;

const Span = z
  .strictObject({
    traceId: hex(16),
    spanId: hex(8),
    parentSpanId: hex(8).optional(),
    name: z.string().min(1),
    kind: z.enum(['INTERNAL', 'SERVER', 'CLIENT']),
    startTimeUnixNano: nanoseconds,
    endTimeUnixNano: nanoseconds,
    attributes: Attributes,
    status: z
      .strictObject({ code: z.enum(['OK', 'ERROR']).optional(), message: z.string().optional() })
      .default({}),
    flags: z.number(),
  })
  .refine((span) => span.startTimeUnixNano > LONG_AGO, 'starts long ago')
  .refine((span) => span.endTimeUnixNano >= span.startTimeUnixNano, 'ends before it starts')
  .refine(({ status }) => status.code === 'ERROR' || !status.message, 'a message without an error');

const Request = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z
        .strictObject({ attributes: Attributes })
        .refine(
          ({ attributes }) =>
            ['service.name', 'service.instance.id', 'telemetry.sdk.name'].every(
              (key) => typeof attributes[key] === 'string',
            ),
          'a resource that does not say whose spans they are',
        ),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string().min(1) }),
          spans: z.array(Span).min(1),
        }),
      ),
    }),
  ),
});

export type SeenSpan = z.output<typeof Span> & { service: unknown };

/** Throws where a message has a field that its type does not have, which a decoder leaves out. */
const judgeFields = (bytes: Uint8Array, of: Type) => {
  const reader = Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = of.fieldsById[tag >>> 3];
    if (!field) throw new Error(`${of.name} has no field ${String(tag >>> 3)}`);
    field.resolve();
    if (field.resolvedType instanceof Type) judgeFields(reader.bytes(), field.resolvedType);
    else reader.skipType(tag & 7);
  }
};

/** The spans of a body; throws where it is not what OTLP has. */
const spansIn = (body: Buffer): SeenSpan[] => {
  judgeFields(body, type);
  const message = type.decode(body);
  const plain = type.toObject(message, { bytes: String, longs: String, enums: String });
  return Request.parse(plain).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({ ...span, service: resource.attributes['service.name'] })),
    ),
  );
};

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

export const startReceiver = async () => {
  const spans = new Map<string, SeenSpan>();
  const faults: string[] = [];
  const bodies: Buffer[] = [];
  const headers: NodeJS.Dict<string | string[]>[] = [];
  let status = 200;

  const take = (method: string | undefined, at: string | undefined, body: Buffer) => {
    if (method !== 'POST' || at !== '/v1/traces')
      throw new Error(`${String(method)} ${String(at)}`);
    if (headers.at(-1)?.['content-type'] !== 'application/x-protobuf')
      throw new Error('not protobuf');
    for (const span of spansIn(body)) {
      const key = `${span.traceId} ${span.spanId}`;
      if (spans.has(key)) throw new Error(`${span.name} has the id of another span`);
      spans.set(key, span);
    }
  };

  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks);
      bodies.push(body);
      headers.push(req.headers);
      if (status !== 200) {
        res.writeHead(status).end();
        return;
      }
      try {
        take(req.method, req.url, body);
        res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      } catch (err) {
        faults.push(err instanceof Error ? err.message : String(err));
        res.writeHead(400).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port }: AddressInfo = z
    .object({ port: z.number(), family: z.string(), address: z.string() })
    .parse(server.address());
  return {
    url: `http://127.0.0.1:${String(port)}`,
    /** Why something was not taken. */
    faults,
    headers,
    bytes: () => Buffer.concat(bodies),
    spansOf: (traceId: string) => [...spans.values()].filter((span) => span.traceId === traceId),
    all: () => [...spans.values()],
    /** Answers everything with this status, without looking at it. */
    answerWith: (code: number) => {
      status = code;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
