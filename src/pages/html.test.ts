import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentHtml, toHtml } from './html.ts'
import { h } from './views/tree.ts'

const EVIL = `<script>alert(1)</script>"'&`

test('texts and values of attributes are escaped', () => {
  assert.equal(
    toHtml(h('p', { title: EVIL, 'data-x': EVIL }, EVIL, [h('span', {}, EVIL)])),
    '<p title="&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;" data-x="&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;">' +
      '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;<span>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;</span></p>',
  )
})

test('attributes that are false or undefined are left out, and true ones have no value', () => {
  assert.equal(
    toHtml(h('input', { hidden: true, disabled: false, title: undefined, value: 0 })),
    '<input hidden="" value="0">',
  )
})

test('children that are nothing are left out', () => {
  assert.equal(toHtml([null, undefined, false, '', [h('p', {}, 'a')], 'b']), '<p>a</p>b')
})

test('a link to another scheme or host is left out', () => {
  for (const href of [
    'javascript:alert(1)',
    ' JavaScript:x',
    '\tjavascript:x',
    '//evil.example',
    '\\\\evil.example',
    'data:,x',
    'https://x',
  ]) {
    assert.equal(toHtml(h('a', { href }, 'x')), '<a>x</a>', href)
  }
  assert.equal(toHtml(h('a', { href: './docs?a=b:c' }, 'x')), '<a href="./docs?a=b:c">x</a>')
})

test('a text of a textarea that begins with a line feed keeps it', () => {
  assert.equal(toHtml(h('textarea', {}, '\na')), '<textarea>\n\na</textarea>')
})

test('no text of the data ends its element', () => {
  const html = documentHtml({ title: EVIL, style: 's', script: 'x', body: null, data: { a: `${EVIL}<!--` } })
  assert.equal(html.match(/<\/script>/g)?.length, 2)
  assert.doesNotMatch(html, /<!--/)
  const [, json = ''] = /id="data">(.*)<\/script>/.exec(html) ?? []
  assert.equal(JSON.parse(json).a, `${EVIL}<!--`)
})
