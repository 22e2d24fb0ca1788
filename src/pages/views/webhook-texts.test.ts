import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { causeText, resultText, stateText, type Delivery, type Webhook } from './webhook-texts.ts'

const WEBHOOK: Webhook = {
  id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a13',
  url: 'https://example.com/hook',
  events: ['task.created'],
  description: null,
  active: true,
  disabledReason: null,
  disabledAt: null,
  previousSecretUntil: null,
}
const DELIVERY: Delivery = {
  id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a14',
  type: 'task.created',
  cause: 'change',
  status: 'succeeded',
  attempt: 1,
  createdAt: '2026-11-30T12:00:00Z',
  durationMs: 84,
  responseStatus: 204,
  error: null,
  nextAttemptAt: null,
}

suite('texts about webhooks', () => {
  test('say whether one is active, paused by its owner or disabled, and why', () => {
    assert.equal(stateText(WEBHOOK), 'Active')
    assert.equal(stateText({ ...WEBHOOK, active: false }), 'Paused')
    assert.match(
      stateText({ ...WEBHOOK, active: false, disabledReason: 'failed' }),
      /^Disabled, because the last attempt/,
    )
    assert.equal(stateText({ ...WEBHOOK, active: false, disabledReason: 'later' }), 'Disabled: later')
  })

  test('say what became of a delivery, with its answer, its time and its attempt', () => {
    for (const [changes, text] of [
      [{}, 'Delivered: answered 204 after 84 ms'],
      [{ status: 'failed', responseStatus: 503, attempt: 3 }, 'Failed: answered 503 after 84 ms, attempt 3'],
      [{ status: 'failed', responseStatus: null, durationMs: null, error: 'refused' }, 'Failed: refused'],
      [{ status: 'failed', responseStatus: null, durationMs: null }, 'Failed: no answer'],
      [{ status: 'pending', attempt: 2 }, 'Waiting, attempt 2'],
      [{ status: 'lost' }, 'Lost: it is older than the change log'],
    ] as const) {
      assert.equal(resultText({ ...DELIVERY, ...changes }), text)
    }
  })

  test('name the event, a test, and one that was sent again', () => {
    assert.equal(causeText(DELIVERY), 'A task was created')
    assert.equal(causeText({ ...DELIVERY, type: 'project.created' }), 'project.created')
    assert.equal(causeText({ ...DELIVERY, type: 'webhook.test', cause: 'test' }), 'Test')
    assert.equal(causeText({ ...DELIVERY, cause: 'redelivery' }), 'A task was created · sent again')
  })
})
