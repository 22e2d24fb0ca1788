import { readFileSync } from 'node:fs'

/** CSS: the colours, type and controls that all pages of the service share, so that they look alike. */
export const PAGE_STYLE = readFileSync(new URL('page.css', import.meta.url), 'utf8')
