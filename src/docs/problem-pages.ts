import { Type, type Static } from 'typebox'
import { Problem } from '../errors.ts'
import type { App } from '../http/app.ts'
import { plainPageHtml, plainPagePolicy } from '../http/plain-page.ts'
import { ProblemBody, refusals } from '../http/wire.ts'
import { escaped } from '../lib/escape.ts'
import { PROBLEMS, type ProblemGuide } from '../problems.ts'

const MAX_AGE_S = 3600

const PAGE_POLICY = plainPagePolicy()

/** Of an error code, here and in the path. */
const CODE_LENGTH_MAX = 64

const ProblemPage = Type.Object(
  {
    type: ProblemBody.properties.type,
    code: Type.String({
      maxLength: CODE_LENGTH_MAX,
      description: 'As in the body of the error',
      examples: ['invalid_input'],
    }),
    title: ProblemBody.properties.title,
    meaning: Type.String({ maxLength: 512, description: 'What the error means' }),
    action: Type.String({ maxLength: 512, description: 'What to do about it' }),
  },
  {
    $id: 'ProblemPage',
    description: 'An explanation of an error code',
    examples: [
      {
        type: '/problems/invalid_input',
        code: 'invalid_input',
        title: PROBLEMS.invalid_input.title,
        meaning: PROBLEMS.invalid_input.meaning,
        action: PROBLEMS.invalid_input.action,
      },
    ],
  },
)
type ProblemPage = Static<typeof ProblemPage>

const ByCode = Type.Object({ code: Type.String() }, { additionalProperties: false })

/**
 * `GET /problems/<code>`, to which the `type` of a refusal links. Served even if DOCS_ENABLED is false.
 *
 * @param guideOf what a code means; undefined if there is no such code
 */
export function problemPages(app: App, guideOf: (code: string) => Promise<ProblemGuide | undefined>): void {
  app.addSchema(ProblemPage)
  app.get(
    '/problems/:code',
    {
      schema: {
        operationId: 'getProblem',
        summary: 'Explain an error code',
        description: 'HTML for clients that accept `text/html`, otherwise JSON.',
        tags: ['documents'],
        security: [],
        params: ByCode,
        response: {
          200: {
            description: 'The explanation of the error code',
            content: {
              'application/json': { schema: Type.Unsafe<ProblemPage>({ $ref: 'ProblemPage#' }) },
              'text/html': { schema: Type.String({ maxLength: 8192 }) },
            },
          },
          ...refusals('not_found', 'invalid_input'),
        },
      },
    },
    async (request, reply) => {
      const { code } = request.params
      const guide = await guideOf(code)
      if (guide === undefined) throw new Problem('not_found', 'There is no kind of problem with this code')
      void reply.headers({ 'cache-control': `public, max-age=${MAX_AGE_S}`, vary: 'Origin, Accept' })
      const { title, meaning, action } = guide
      const page: ProblemPage = { type: app.links.to(`/problems/${code}`), code, title, meaning, action }
      if (!/\btext\/html\b/i.test(request.headers.accept ?? '')) return reply.send(page)
      return reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(htmlOf(page))
    },
  )
}

const htmlOf = ({ code, title, meaning, action }: ProblemPage): string =>
  plainPageHtml({
    title,
    body: `    <main>
      <div class="card sole">
        <h1>${escaped(title)}</h1>
        <p><code>${escaped(code)}</code></p>
        <h2>What it means</h2>
        <p>${escaped(meaning)}</p>
        <h2>What to do</h2>
        <p>${escaped(action)}</p>
      </div>
    </main>`,
  })
