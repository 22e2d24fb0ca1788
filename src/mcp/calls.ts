import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FeatureDeps } from '../feature.ts'
import { Problem } from '../errors.ts'
import { signedIn } from '../http/identify.ts'
import { timeZoneNamed } from '../lib/time-zone.ts'
import type { Need } from '../principal.ts'
import type { Asked, Confirmations } from './confirmation.ts'
import { CODES, isMembers, RpcError, type Members, type RpcRequest } from './protocol.ts'
import * as store from './store.ts'
import { askWithin, Refusal, type Call, type Confirming, type Question } from './tools/call.ts'
import { openClock } from './tools/clock.ts'
import type { Zones } from './zones.ts'

type Database = FeatureDeps['db']

/**
 * @throws Problem unauthenticated (401) for a credential that has ended; insufficient_scope (403) without the scope; not_found (404) for
 *   a service that names an unknown user
 */
export async function prove(request: FastifyRequest, db: Database, needs: Need): Promise<void> {
  await db.asUser(signedIn(request), store.proof, { needs })
}

/** Whether the credential has the scope. @throws Problem as `prove`, but for insufficient_scope */
export async function hasScope(request: FastifyRequest, db: Database, scope: Need): Promise<boolean> {
  try {
    await prove(request, db, scope)
    return true
  } catch (error) {
    if (error instanceof Problem && error.code === 'insufficient_scope') return false
    throw error
  }
}

interface CallDeps {
  readonly db: Database
  readonly confirmations: Confirmations
  readonly zones: Zones
}

export function callOf(request: FastifyRequest, reply: FastifyReply, rpc: RpcRequest, deps: CallDeps): Call {
  const { principal } = request
  const nowMs = Date.now()
  const zone = zoneOf(request, deps)
  // If it fails, an operation that is executed meanwhile is refused for the same reason.
  zone.catch(() => undefined)
  return {
    clock: async (named) => openClock(named === undefined ? await zone : knownZone(named), nowMs),
    ask: (asked) => askWithin(request, reply, asked),
    has: (scope) => hasScope(request, deps.db, scope),
    confirming: confirmingOf(request, rpc, deps, nowMs),
    principal: { kind: principal?.kind ?? '', name: principal?.actor.name ?? null },
  }
}

const NO_ZONE = 'must be the name of an IANA time zone, such as Europe/Berlin'

/** What is wrong with the zone that the client is configured with: every tool refuses it, whether it needs a zone or not. */
export function zoneFault({ headers }: FastifyRequest): string | undefined {
  const configured = headers['x-timezone']
  const isFault = configured !== undefined && timeZoneNamed(String(configured)) === undefined
  return isFault ? `x-timezone ${NO_ZONE}` : undefined
}

/** The zone that the client is configured with, else that of the user. */
async function zoneOf(request: FastifyRequest, { db, zones }: CallDeps): Promise<string> {
  const configured = timeZoneNamed(String(request.headers['x-timezone'] ?? ''))
  if (configured !== undefined) return configured
  return zones.of(request.admitted?.userId, () => db.asUser(signedIn(request), store.zone, { needs: 'any' }))
}

function knownZone(zone: string): string {
  const known = timeZoneNamed(zone)
  if (known === undefined) throw new Refusal(`timezone ${NO_ZONE}`, 'invalid_input')
  return known
}

/** The name of our question within `inputRequests` and `inputResponses`. */
const QUESTION = 'confirm'

function confirmingOf(
  request: FastifyRequest,
  { params, isModern, clientCapabilities }: RpcRequest,
  { db, confirmations }: CallDeps,
  nowMs: number,
): Confirming {
  const { principal, admitted } = request
  return {
    canAsk: isModern && canFillForms(clientCapabilities['elicitation']),
    async question(tool, ids) {
      const asked: Asked = {
        userId: admitted?.userId ?? '',
        proof: [principal?.kind ?? '', principal?.actor.name ?? '', ...(principal?.proof ?? [])],
        tool,
        ids,
        position: await db.asUser(signedIn(request), store.position(ids), { needs: 'any' }),
      }
      const isOfState = (state: unknown): boolean =>
        typeof state === 'string' && confirmations.isStateOf(state, asked, nowMs)
      return {
        answer: answerIn(params, isOfState),
        state: confirmations.stateOf(asked, nowMs),
        code: confirmations.codeOf(asked, nowMs),
        isCode: (code) => confirmations.isCodeOf(code, asked, nowMs),
      }
    },
  }
}

/** @throws RpcError for a state that was not made for this question */
function answerIn(
  { requestState, inputResponses }: Members,
  isOfState: (state: unknown) => boolean,
): Question['answer'] {
  const answer = isMembers(inputResponses) ? inputResponses[QUESTION] : undefined
  // Without an answer the question is asked again.
  if (requestState === undefined || !isMembers(answer)) return undefined
  if (!isOfState(requestState)) {
    const why = 'requestState was not made for this call, was used, or has expired'
    throw new RpcError(CODES.invalidParams, `Invalid params: ${why}`, { status: 200 })
  }
  const { action, content } = answer
  return action === 'accept' && isMembers(content) && content[QUESTION] === true ? 'confirmed' : 'declined'
}

/** Without members the capability means forms. */
const canFillForms = (elicitation: unknown): boolean =>
  isMembers(elicitation) && (Object.keys(elicitation).length === 0 || isMembers(elicitation['form']))

/** A result of 2026-07-28 that makes the client ask its user, and call again with the answer. */
export const questionOf = (message: string, state: string): Members => ({
  resultType: 'input_required',
  inputRequests: {
    [QUESTION]: {
      method: 'elicitation/create',
      params: {
        mode: 'form',
        message,
        requestedSchema: {
          type: 'object',
          properties: { [QUESTION]: { type: 'boolean', title: 'Delete them' } },
          required: [QUESTION],
        },
      },
    },
  },
  requestState: state,
})
