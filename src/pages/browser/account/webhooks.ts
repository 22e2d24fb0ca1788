import { field } from '../../views/sign-in-page.ts'
import { h, type Element } from '../../views/tree.ts'
import {
  causeText,
  EVENT_NAMES,
  eventText,
  resultText,
  stateText,
  type Delivery,
  type Webhook,
} from '../../views/webhook-texts.ts'
import { toNodes } from '../dom.ts'
import { copy, focusPanel, oncePanel } from './once.ts'
import { isConfirmed, moment, more, read, row, write, type Fields, type Section } from './section.ts'

const PATH = '/api/webhooks'
const PAGE = 20
/** How often, and after which time, deliveries are read again while one is on its way. */
const WATCHES = 15
const WATCH_MS = 1_000
const INTRODUCTION =
  'A webhook sends changes of your tasks to a URL, signed, in order, and repeatedly until they arrive.'

/** The deliveries of the webhook that the user looks at. */
interface Opened {
  readonly webhookId: string
  readonly deliveries: readonly Delivery[]
  readonly next: string | null
}

/** A secret that the service has just made. */
interface Secret {
  readonly url: string
  readonly secret: string | null
}

export function webhooksSection(section: Section): void {
  const webhooks = new Webhooks(section)
  section.onAction(async (does, id) => {
    if (does === 'copy') return copy(section, id)
    return webhooks.act(does, id)
  })
  section.onSubmit((value) => webhooks.create(value))
  void webhooks.load()
}

class Webhooks {
  readonly #section: Section
  #webhooks: readonly Webhook[] = []
  #opened: Opened | undefined
  #fresh: Secret | undefined

  constructor(section: Section) {
    this.#section = section
  }

  async load(): Promise<void> {
    const answer = await read(this.#section, PATH)
    if (answer === undefined) return
    // This route answers with webhooks.
    this.#webhooks = answer.json as readonly Webhook[]
    this.#show()
  }

  async create(value: Fields): Promise<void> {
    const events = Object.keys(EVENT_NAMES).filter((name) => value(name) === 'on')
    if (events.length === 0) return this.#section.say('Choose at least one event.', true)
    const answer = await write(this.#section, 'POST', PATH, bodyOf(value, events))
    if (answer === undefined) return
    // This route answers with the webhook and its secret.
    await this.#reveal(answer.json as Secret, 'Created.')
  }

  async act(does: string, id: string): Promise<void> {
    switch (does) {
      case 'deliveries':
        if (this.#opened?.webhookId !== id) return this.#openDeliveries(id, null)
        this.#opened = undefined
        return this.#show()
      case 'more':
        return this.#openDeliveries(id, this.#opened?.next ?? null)
      case 'stored':
        this.#fresh = undefined
        return this.#show()
      case 'test':
        await this.#write('POST', `${PATH}/${id}/test`, 'A test is sent. Its delivery shows the answer.')
        return this.#watch(id, WATCHES)
      case 'resend':
        return this.#resend(id)
      case 'secret':
        return this.#makeSecret(id)
      case 'pause':
        await this.#write('PATCH', `${PATH}/${id}`, 'Paused.', { active: false })
        break
      case 'resume':
        await this.#write('PATCH', `${PATH}/${id}`, 'Resumed.', { active: true })
        break
      case 'delete':
        if (!isConfirmed(this.#button(id, does), 'Delete it?')) return
        await this.#write('DELETE', `${PATH}/${id}`, 'Deleted.')
    }
    return this.load()
  }

  async #openDeliveries(webhookId: string, cursor: string | null): Promise<void> {
    const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const answer = await read(this.#section, `${PATH}/${webhookId}/deliveries?limit=${PAGE}${query}`)
    if (answer === undefined) return
    const earlier = cursor === null ? [] : (this.#opened?.deliveries ?? [])
    // This route answers with deliveries.
    const deliveries = [...earlier, ...(answer.json as readonly Delivery[])]
    const wasOpen = this.#opened?.webhookId === webhookId
    this.#opened = { webhookId, deliveries, next: answer.headers.get('x-next-cursor') }
    const shown = this.#section.element.querySelector(`[data-id="${CSS.escape(webhookId)}"] .deliveries`)
    // The form keeps what is typed into it.
    if (wasOpen && shown !== null) shown.replaceChildren(...toNodes(deliveryList(this.#opened)))
    else this.#show()
  }

  async #resend(deliveryId: string): Promise<void> {
    if (this.#opened === undefined) return
    const { webhookId } = this.#opened
    const path = `${PATH}/${webhookId}/deliveries/${deliveryId}/redeliver`
    await this.#write('POST', path, 'It is sent again.')
    return this.#watch(webhookId, WATCHES)
  }

  /** Shows what becomes of a delivery that the user has asked for. @param times how often it looks again while one is on its way */
  async #watch(webhookId: string, times: number): Promise<void> {
    await this.#openDeliveries(webhookId, null)
    const isPending = this.#opened?.deliveries.some(({ status }) => status === 'pending') ?? false
    if (!isPending || times === 0) return
    setTimeout(() => {
      if (this.#opened?.webhookId === webhookId) void this.#watch(webhookId, times - 1)
    }, WATCH_MS)
  }

  async #makeSecret(id: string): Promise<void> {
    if (!isConfirmed(this.#button(id, 'secret'), 'Make a new secret?')) return
    const answer = await write(this.#section, 'POST', `${PATH}/${id}/secret`)
    if (answer === undefined) return
    // This route answers with the webhook and its secret.
    await this.#reveal(answer.json as Secret, 'The new secret signs from now on, and the old one too for 24 hours.')
  }

  async #reveal(fresh: Secret, said: string): Promise<void> {
    this.#fresh = fresh
    this.#section.say(said)
    await this.load()
    focusPanel(this.#section)
  }

  async #write(method: string, path: string, said: string, body?: object): Promise<void> {
    if ((await write(this.#section, method, path, body)) !== undefined) this.#section.say(said)
  }

  #button(id: string, does: string): HTMLElement | null {
    return this.#section.element.querySelector(`[data-id="${CSS.escape(id)}"] [data-do="${CSS.escape(does)}"]`)
  }

  #show(): void {
    this.#section.show([
      h('p', { class: 'dim' }, INTRODUCTION),
      this.#fresh !== undefined && this.#fresh.secret !== null && secretPanel(this.#fresh.url, this.#fresh.secret),
      this.#webhooks.length > 0 &&
        h(
          'ul',
          { class: 'rows' },
          this.#webhooks.map((webhook) => webhookRow(webhook, this.#opened)),
        ),
      webhookForm(),
    ])
  }
}

function bodyOf(value: Fields, events: readonly string[]): object {
  const description = value('description').trim()
  return { url: value('url').trim(), events, ...(description !== '' && { description }) }
}

const secretPanel = (url: string, secret: string): Element =>
  oncePanel(
    `The secret of ${url}`,
    secret,
    h(
      'p',
      { class: 'dim' },
      'The receiver checks with it that an event comes from here, by a library for Standard Webhooks.',
    ),
  )

function webhookRow(webhook: Webhook, opened: Opened | undefined): Element {
  const { id, url, events, description, active, disabledAt, previousSecretUntil } = webhook
  const isOpen = opened?.webhookId === id
  const facts = [
    description !== null && h('div', { dir: 'auto' }, description),
    h(
      'div',
      {},
      stateText(webhook),
      disabledAt !== null && [', ', moment(disabledAt)],
      ` · ${events.map(eventText).join(', ')}`,
    ),
    previousSecretUntil !== null && h('div', {}, 'The old secret signs too until ', moment(previousSecretUntil)),
    h('div', { class: 'deliveries' }, isOpen && deliveryList(opened)),
  ]
  return row(id, url, facts, [
    ['deliveries', isOpen ? 'Hide deliveries' : 'Deliveries'],
    ['test', 'Send a test'],
    active ? ['pause', 'Pause'] : ['resume', 'Resume'],
    ['secret', 'New secret'],
    ['delete', 'Delete'],
  ])
}

const deliveryList = ({ deliveries, next }: Opened): Element =>
  deliveries.length === 0
    ? h('p', {}, 'Nothing was sent yet.')
    : h('div', {}, h('ul', { class: 'rows', 'aria-label': 'Deliveries' }, deliveries.map(deliveryRow)), more(next))

const deliveryRow = (delivery: Delivery): Element => {
  const { id, createdAt, nextAttemptAt, status } = delivery
  return row(
    id,
    causeText(delivery),
    [
      moment(createdAt),
      ` · ${resultText(delivery)}`,
      nextAttemptAt !== null && [' · next attempt ', moment(nextAttemptAt)],
    ],
    status === 'pending' || status === 'lost' ? [] : [['resend', 'Send again']],
  )
}

const webhookForm = (): Element =>
  h(
    'form',
    { class: 'fields' },
    field('url', 'URL that receives the events', { type: 'url', autocomplete: 'off', maxlength: 2048 }),
    field('description', 'Note, for yourself', { autocomplete: 'off', maxlength: 500 }),
    h(
      'fieldset',
      {},
      h('legend', {}, 'When'),
      Object.entries(EVENT_NAMES).map(([name, words]) =>
        h('label', { class: 'box' }, h('input', { type: 'checkbox', name, value: 'on', checked: true }), ` ${words}`),
      ),
    ),
    h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Create a webhook')),
  )
