import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { PAGE_STYLE } from '../http/page-style.ts'
import { compact, stripped } from '../lib/browser-script.ts'

export type Coding = 'br' | 'gzip' | 'identity'

/** A file that pages load. Its address contains the hash of its content, so that browsers may keep it for ever. */
export interface Asset {
  readonly name: string
  readonly hash: string
  readonly type: 'text/css' | 'text/javascript'
  readonly text: string
  /** Compressed once, at the first request. */
  encoded(this: void, coding: Coding): Promise<Buffer>
}

const FOLDER = new URL('./', import.meta.url)

export const openScript = (name: string): Asset => asset(`${name}.js`, 'text/javascript', joined(`browser/${name}.ts`))

/** With the style that all pages share before its own. */
export const openStyle = (name: string): Asset =>
  asset(`${name}.css`, 'text/css', PAGE_STYLE + readFileSync(new URL(`${name}.css`, FOLDER), 'utf8'))

function asset(name: string, type: Asset['type'], text: string): Asset {
  const encodings = new Map<Coding, Promise<Buffer>>()
  return {
    name,
    hash: createHash('sha256').update(text).digest('base64url').slice(0, 16),
    type,
    text,
    encoded: (coding) => {
      const encoding = encodings.get(coding) ?? ENCODERS[coding](Buffer.from(text))
      encodings.set(coding, encoding)
      return encoding
    },
  }
}

const ENCODERS: Readonly<Record<Coding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
  identity: async (bytes) => bytes,
}

/** The best coding that a client accepts (RFC 9110 §12.5.3); weights other than 0 are not compared. */
export function codingFor(acceptEncoding: string | undefined): Coding {
  const accepted = new Set(
    (acceptEncoding ?? '')
      .split(',')
      .map((each) =>
        each
          .trim()
          .toLowerCase()
          .split(/\s*;\s*/),
      )
      .filter(([, weight = '']) => !/^q=0(?:\.0*)?$/.test(weight))
      .map(([coding]) => coding),
  )
  return accepted.has('br') ? 'br' : accepted.has('gzip') ? 'gzip' : 'identity'
}

/** The only form of imports between the modules of the pages: names without `as`. */
const IMPORT = /^import \{([^}]*)\} from '(\.[^']+)';?$/gm
const EXPORT = /^export ((?:async )?(?:const|function\*?|class) (\w+))/gm

/** A module for the browser without types and comments, and without the words `import` and `export`. */
interface BrowserModule {
  readonly imports: readonly { readonly bindings: string; readonly specifier: string }[]
  readonly exports: readonly string[]
  readonly body: string
}

/** By their source: the scripts share most modules, and stripping types takes longer than the rest of the work on a module. */
const MODULES = new Map<string, BrowserModule>()

function moduleOf(source: string): BrowserModule {
  const known = MODULES.get(source)
  if (known !== undefined) return known
  const script = stripped(source)
  const module: BrowserModule = {
    imports: Array.from(script.matchAll(IMPORT), ([, bindings = '', specifier = '']) => ({
      bindings: bindings.replace(/\s+/g, ''),
      specifier,
    })),
    exports: Array.from(script.matchAll(EXPORT), ([, , name = '']) => name),
    body: compact(script.replace(IMPORT, '').replace(EXPORT, '$1')),
  }
  MODULES.set(source, module)
  return module
}

/**
 * A module of the browser with all that it imports, as one script without types: a page then needs one request instead of one for
 * each module and one round trip for each level of imports. Each module is a function of its own, so that names do not collide.
 *
 * @param entry path of the module, in the folder of the pages
 */
function joined(entry: string): string {
  const texts: string[] = []
  const names = new Map<string, string>()
  const visit = (url: URL): string => {
    const known = names.get(url.href)
    if (known !== undefined) return known
    const { imports, exports, body } = moduleOf(readFileSync(url, 'utf8'))
    const imported = imports.map(
      ({ bindings, specifier }) => `const {${bindings}} = ${visit(new URL(specifier, url))}\n`,
    )
    const name = `module${names.size}`
    names.set(url.href, name)
    texts.push(`const ${name} = (() => {\n${imported.join('')}${body}return {${exports.join(', ')}}\n})()\n`)
    return name
  }
  visit(new URL(entry, FOLDER))
  return texts.join('')
}
