import { h, type Element } from './tree.ts'

/** A name or a title within a sentence: its direction does not change that of the text around it. */
export const quoted = (text: string): Element => h('bdi', {}, `“${text}”`)
