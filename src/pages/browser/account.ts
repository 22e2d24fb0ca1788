import type { AccountPage, SectionId } from '../views/account-page.ts'
import { appsSection } from './account/apps.ts'
import { deletionSection } from './account/deletion.ts'
import { emailSection } from './account/email.ts'
import { historySection } from './account/history.ts'
import { keysSection } from './account/keys.ts'
import { notificationsSection } from './account/notifications.ts'
import { passwordSection } from './account/password.ts'
import { profileSection } from './account/profile.ts'
import { openSection, type Section } from './account/section.ts'
import { settingsSection } from './account/settings.ts'
import { sessionsSection } from './account/sessions.ts'
import { tokensSection } from './account/tokens.ts'
import { trashSection } from './account/trash.ts'
import { webhooksSection } from './account/webhooks.ts'
import { byId, readData } from './dom.ts'
import { watchSession } from './session.ts'

/** The script of `/account`. */

const SECTION_SCRIPTS: Readonly<Record<SectionId, (section: Section) => void>> = {
  profile: profileSection,
  email: emailSection,
  settings: settingsSection,
  notifications: notificationsSection,
  sessions: sessionsSection,
  history: historySection,
  trash: trashSection,
  tokens: tokensSection,
  apps: appsSection,
  webhooks: webhooksSection,
  keys: keysSection,
  password: passwordSection,
  deletion: deletionSection,
}

// The server has written it, with this type.
const page = readData() as AccountPage
watchSession(page.user)
for (const id of page.sections) SECTION_SCRIPTS[id](openSection(page, byId(id, HTMLElement)))
