import type { RunningJob } from '../jobs/kind.ts'
import type { Principal } from '../principal.ts'

/** The languages of mails. A table of texts has an entry for each, so a language that is added here is missing nowhere. */
export type Language = 'en'

/** The text of a mail. It becomes plain text and HTML; nothing in it is markup. */
export interface MailText {
  /** One line. */
  readonly subject: string
  readonly paragraphs: readonly string[]
  /** A link, shown as a button after the first paragraph. */
  readonly action?: { readonly label: string; readonly url: string }
}

/** The texts of one kind of mail, made from its values. */
export type MailTexts<Values> = Readonly<Record<Language, (values: Values) => MailText>>

/** A kind of mail. Features register theirs in `feature.ts`. */
export interface MailKind {
  /** As in a job's name. It must not change between releases, because jobs with it may be waiting. */
  readonly name: string
  /**
   * Reads what the mail is about when it is sent, from the ids in the reference. It may be called more than once for one mail.
   *
   * @returns undefined if there is no longer a reason to send the mail
   */
  compose(this: void, mail: MailJob): Promise<ComposedMail | undefined>
}

export interface ComposedMail {
  readonly text: MailText
  /** By default the verified address of the user whom the job acts for. A user without one gets no mail. */
  readonly to?: string
}

/** A mail that is due. */
export interface MailJob extends Pick<RunningJob, 'id' | 'reference' | 'signal'> {
  /** For `asUser`. Absent if the mail was enqueued outside a user's scope and for no user. */
  readonly principal: Principal | undefined
  readonly language: Language
  /** @param path begins with a slash. @returns the absolute URL at which the user reaches it */
  link(this: void, path: string): string
}
