import { ServerResponse } from 'node:http'

// Preloaded into a service. When a request with this header has succeeded and is committed, the process is killed, as by `kill -9`,
// before the first byte of the answer is written.

// oxlint-disable-next-line typescript/unbound-method -- called with the right `this` below
const { writeHead } = ServerResponse.prototype

ServerResponse.prototype.writeHead = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
  const dies = this.req.headers['x-die-before-answering'] !== undefined && Number(args[0]) < 300
  if (dies) process.kill(process.pid, 'SIGKILL')
  return Reflect.apply(writeHead, this, args)
}
