import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Observer } from '../observer.ts'
import type { Connections } from './connections.ts'
import type { Links } from './links.ts'
import type { Operations } from './operations.ts'
import type { Streams } from './streams.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The process is stopping: readiness is 503, and answers close their connections. */
    draining: boolean
    readonly connections: Connections
    readonly links: Links
    readonly operations: Operations
    readonly streams: Streams
    readonly observer: Observer
  }
}

/** The HTTP surface for features: Fastify with TypeBox schemas, made by `createApp` in server.ts. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>
