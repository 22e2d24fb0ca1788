import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readDotEnv } from './dot-env.ts'

function read(content: string | Uint8Array): Record<string, string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'dot-env-'))
  try {
    writeFileSync(join(directory, '.env'), content)
    return { ...readDotEnv(directory, new Set(['ENVIRONMENT', 'SQLALCHEMY_ECHO'])) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const UNDERSTOOD: readonly (readonly [guarantee: string, content: string, variables: Record<string, string>])[] = [
  ['nothing', '', {}],
  ['a byte-order mark', '\uFEFFENVIRONMENT=production\n', { ENVIRONMENT: 'production' }],
  ['CRLF', '\uFEFF# x\r\nPORT=8210\r\n\r\nHOST="::1"\r\n', { PORT: '8210', HOST: '::1' }],
  ['carriage returns alone', 'A=1\r# c\rB=2', { A: '1', B: '2' }],
  ['export, and white space around name and value', '  export  A = 1 \n\tB\t=\t2\t', { A: '1', B: '2' }],
  ['comments', '# A=0\n  # A=0\nA=1 # one\nB= # none\nC="2" # two\nD=\t#', { A: '1', B: '', C: '2', D: '' }],
  ['a # inside a value', 'A=x#y\nB=#z\nC=postgres://u:p#1@h/d', { A: 'x#y', B: '#z', C: 'postgres://u:p#1@h/d' }],
  ['an empty value before another line', 'A=\nB= \nC=\t\nD=1', { A: '', B: '', C: '', D: '1' }],
  ['quotes of all kinds', `A="x # y"\nB='x "y"'\nC=\`it's "z"\``, { A: 'x # y', B: 'x "y"', C: `it's "z"` }],
  ['quotes within a value', `A=it's\nB=x"y"`, { A: `it's`, B: 'x"y"' }],
  ['values of several lines', `A="x\r\n# y\n"\nB='1\n2'\nC=3`, { A: 'x\n# y\n', B: '1\n2', C: '3' }],
  ['escapes between double quotes', String.raw`A="a\nb\t\\\"\$\{"`.replace(String.raw`\{`, '{'), { A: 'a\nb\t\\"${' }],
  ['backslashes elsewhere', String.raw`A=a\nb` + '\n' + String.raw`B='a\nb'`, { A: 'a\\nb', B: 'a\\nb' }],
  ['${…} between single quotes, and a lone $', `A='\${B}'\nB=$C`, { A: '${B}', B: '$C' }],
  ['= within a value', 'A==b=\nB=c=d', { A: '=b=', B: 'c=d' }],
  ['a line separator of Unicode', 'A=x\u2028y\n# \u2028\nB=1', { A: 'x\u2028y', B: '1' }],
  ['a name that is set twice to the same value', 'A=1\nexport A="1"', { A: '1' }],
  ['names in lower case that are not ours', 'http_proxy=1\nenv=2', { http_proxy: '1', env: '2' }],
  ['names that objects have by themselves', 'constructor=1\n__proto__=2', { constructor: '1', ['__proto__']: '2' }],
]

suite('.env may contain', () => {
  for (const [guarantee, content, variables] of UNDERSTOOD) {
    test(guarantee, () => assert.deepEqual(Object.entries(read(content)), Object.entries(variables)))
  }
})

const REFUSED: readonly (readonly [guarantee: string, content: string, line: number, reason: RegExp])[] = [
  ['a name without =', 'A=1\nPORT 4001', 2, /is not of the form NAME=value: correct it, or comment it out with #$/],
  ['a colon', 'A="x\ny"\r\nPORT: 4001\n', 3, /is not of the form NAME=value/],
  ['a bare name', '\n\nexport PORT', 3, /is not of the form NAME=value/],
  ['a name with a blank', 'SOME PORT=1', 1, /is not of the form NAME=value/],
  ['a quote that does not end', 'A=1\nB="hunter2\nC=2\n', 2, /begins a quoted value that does not end/],
  ['text behind a quoted value', `A='x'\nB="hunter" ter2`, 2, /has text after a quoted value/],
  [
    'a # directly after a quoted value, which a shell reads as part of it',
    'A="hunter2"#x',
    1,
    /has text after a quoted value/,
  ],
  ['another value for the same name', 'A=1\nB=2\n\nA=hunter2', 4, /sets A to another value than line 1 does/],
  ['${…}, which other tools would replace', 'A=hunter2${B}', 1, /has \$\{…\}, which is not replaced here/],
  ['${…} between double quotes', 'A="hunter2\n${B}"', 1, /has \$\{…\}/],
  [
    'a known name in lower case',
    'A=1\nenvironment=hunter2',
    2,
    /sets environment, which is spelled ENVIRONMENT: write it/,
  ],
  [
    'a known name in mixed case',
    'Sqlalchemy_Echo=hunter2',
    1,
    /sets Sqlalchemy_Echo, which is spelled SQLALCHEMY_ECHO/,
  ],
  ['an unknown escape', String.raw`A="hunter2\q"`, 1, /has a backslash that has no meaning/],
]

suite('.env is refused, by line and without a value, for', () => {
  for (const [guarantee, content, line, reason] of REFUSED) {
    test(guarantee, () => {
      assert.throws(
        () => read(content),
        ({ name, message }: Error) => {
          assert.equal(name, 'StartError')
          assert.match(message, new RegExp(`^line ${line} of .*[.]env ${reason.source}`))
          assert.doesNotMatch(message, /hunter|ter2/)
          return true
        },
      )
    })
  }

  for (const [encoding, bytes] of [
    ['UTF-16, as PowerShell writes it', Buffer.from('\uFEFFPORT=4001\n', 'utf16le')],
    ['Latin-1', Buffer.from('A=\xe9', 'latin1')],
  ] as const) {
    test(encoding, () => {
      assert.throws(() => read(bytes), /^StartError: .*\.env is not UTF-8: save it in that encoding$/)
    })
  }
})
