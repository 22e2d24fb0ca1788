import { h, type Element } from '../../views/tree.ts'
import { read, write, type Section } from './section.ts'

/** What `GET /api/me` answers, as far as it is shown here. */
interface Settings {
  readonly timezone: string
  readonly emailReminders: boolean
}

const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

export function settingsSection(section: Section): void {
  const load = async (): Promise<void> => {
    const answer = await read(section, '/api/me')
    // This route answers with the settings.
    if (answer !== undefined) section.show(settingsForm(answer.json as Settings, section.page.hasReminders))
  }
  section.onAction(() => load())
  section.onSubmit(async (value) => {
    const emailReminders = section.page.hasReminders ? { emailReminders: value('reminders') === 'on' } : {}
    const saved = await write(section, 'PATCH', '/api/me', { timezone: value('timezone'), ...emailReminders })
    if (saved === undefined) return
    section.say('Saved.')
    return load()
  })
  void load()
}

/** Zones that have been renamed are not in the browser's list. */
function zonesWith(zone: string): readonly string[] {
  const others = Intl.supportedValuesOf('timeZone').filter((each) => each !== zone && each !== OWN_ZONE)
  return [...new Set([zone, OWN_ZONE, 'UTC', ...others])]
}

const settingsForm = ({ timezone, emailReminders }: Settings, hasReminders: boolean): Element =>
  h(
    'form',
    { class: 'fields' },
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'input-timezone' }, 'Time zone, in which days begin and end'),
      h(
        'select',
        { id: 'input-timezone', name: 'timezone' },
        zonesWith(timezone).map((zone) =>
          h(
            'option',
            { value: zone, selected: zone === timezone },
            zone === OWN_ZONE ? `${zone} (of this browser)` : zone,
          ),
        ),
      ),
    ),
    hasReminders &&
      h(
        'label',
        { class: 'box' },
        h('input', { type: 'checkbox', name: 'reminders', value: 'on', checked: emailReminders }),
        ' Send reminders by mail too',
      ),
    h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Save')),
  )
