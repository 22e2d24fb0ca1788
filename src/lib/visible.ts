/**
 * Characters of which nothing is seen: white space, control characters, what Unicode says a renderer ignores, and the few that have
 * a glyph without ink (the interlinear marks, the blank Braille pattern, the Khitan filler, the null notehead).
 */
const INVISIBLE =
  /^[\p{White_Space}\p{Control}\p{Default_Ignorable_Code_Point}\u2800\u{FFF9}-\u{FFFB}\u{16FE4}\u{1D159}]*$/u

/** Whether a person who looks at the text sees any of it. */
export const isVisible = (text: string): boolean => !INVISIBLE.test(text)

/** Characters that are not seen, or that change the order in which the text around them is shown. Variants of emoji are none. */
const DECEPTIVE = /[[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]--[\ufe0e\ufe0f]]/v
const ALL_DECEPTIVE = new RegExp(DECEPTIVE, 'gv')
/** The joiner within one emoji, such as that of a family. */
const EMOJI_JOINER = /(?<=\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d(?=\p{Extended_Pictographic})/gu

/** Whether a text that a person reads to decide about something shows all that it has, in the order in which it has it. */
export const isPlain = (text: string): boolean => !DECEPTIVE.test(text.replace(EMOJI_JOINER, ''))

/** The text without the characters for which {@link isPlain} is false. */
export const madePlain = (text: string): string => text.replace(ALL_DECEPTIVE, '')
