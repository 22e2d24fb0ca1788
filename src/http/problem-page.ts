import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../errors.ts'
import { escaped } from '../lib/escape.ts'
import { plainPageHtml, plainPagePolicy, privatePageHeaders } from './plain-page.ts'

/** What programs call: refusals are for them, also where a person opens the URL. */
const FOR_PROGRAMS = /^\/(?:api|mcp)(?:\/|$)/i

/**
 * Whether a browser asked for a page, so that a person reads the refusal. Browsers name HTML when they navigate, and not when a script
 * fetches.
 */
export function isNavigation({ method, headers: { accept = '' } }: FastifyRequest, path: string): boolean {
  return (method === 'GET' || method === 'HEAD') && !FOR_PROGRAMS.test(path) && /\btext\/html\b/i.test(accept)
}

const HEADERS = privatePageHeaders(plainPagePolicy())

/** @returns the refusal as a page, whose headers are set on `reply` */
export function problemPage(problem: Problem, request: FastifyRequest, reply: FastifyReply): string {
  // Not for caches: a script that fetches the same URL gets the problem as JSON.
  void reply.headers(HEADERS)
  const { code, title, message } = problem
  const { links } = request.server
  const isHome = request.server.hasRoute({ method: 'GET', url: '/' })
  const home = isHome ? `\n        <p><a href="${escaped(links.to('/'))}">Go to your tasks</a></p>` : ''
  return plainPageHtml({
    title,
    body: `    <main>
      <div class="card sole">
        <h1>${escaped(title)}</h1>
        <p>${escaped(message)}</p>
        <p><a href="${escaped(links.to(`/problems/${code}`))}">What it means, and what to do</a></p>${home}
        <p><small>Request ${escaped(request.id)}</small></p>
      </div>
    </main>`,
  })
}
