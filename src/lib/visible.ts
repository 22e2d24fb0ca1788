/**
 * Characters of which nothing is seen: white space, control characters, what Unicode says a renderer ignores, and the few that have
 * a glyph without ink (the interlinear marks, the blank Braille pattern, the Khitan filler, the null notehead).
 */
const INVISIBLE =
  /^[\p{White_Space}\p{Control}\p{Default_Ignorable_Code_Point}\u2800\u{FFF9}-\u{FFFB}\u{16FE4}\u{1D159}]*$/u

/** Whether a person who looks at the text sees any of it. */
export const isVisible = (text: string): boolean => !INVISIBLE.test(text)
