import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BadXml, decodeAnswer, encodeCall } from './xmlrpc-codec.ts';

/** A call's parameters as an answer's, so that what is written can be read. */
function echo(value: unknown): unknown {
  const [, written = ''] = /<params>(.*)<\/params>/s.exec(encodeCall('m', [value])) ?? [];
  const answer = decodeAnswer(`<?xml version="1.0"?><methodResponse><params>${written}</params></methodResponse>`);
  return 'value' in answer ? answer.value : answer;
}

const answer = (value: string) =>
  `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n${value}\n</param>\n</params>\n</methodResponse>\n`;

test('[ODOO-20] whatever XML-RPC can hold is read as it was written', () => {
  const text = fc
    .string({ unit: 'binary' })
    .filter((one) => one.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(one)); // oxlint-disable-line no-control-regex
  const key = text.filter((one) => one !== '__proto__');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
      tie('list'),
      tie('struct'),
    ),
    list: fc.array(tie('value'), { maxLength: 4 }),
    struct: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  }));
  fc.assert(
    fc.property(value, (one) => {
      expect(echo(one)).toEqual(one);
    }),
    { numRuns: 300 },
  );
});

test('[ODOO-20] texts keep their spaces, line ends and signs; a value without a type is a text', () => {
  for (const text of ['', '  ', ' a ', '<b>&amp;</b>', ']]>', 'a\r\nb', '\u{1f600}', '&#65;']) expect(echo(text)).toBe(text);
  expect(decodeAnswer(answer('<value>plain &lt;&#66;&#x43;</value>'))).toEqual({ value: 'plain <BC' });
  expect(decodeAnswer(answer('<value><string><![CDATA[<a>]]></string></value>'))).toEqual({ value: '<a>' });
  expect(decodeAnswer(answer('<value><array><data>\n<value><i4>-7</i4></value>\n</data></array></value>'))).toEqual({ value: [-7] });
});

test('[ODOO-21] a fault is read as a code and a text', () => {
  const member = (name: string, value: string) => `<member><name>${name}</name><value>${value}</value></member>`;
  const fault = `<struct>${member('faultCode', '<int>3</int>')}${member('faultString', '<string>Access Denied</string>')}</struct>`;
  expect(decodeAnswer(`<methodResponse><fault><value>${fault}</value></fault></methodResponse>`)).toEqual({
    fault: { code: 3, text: 'Access Denied' },
  });
});

test.each([
  ['a document type', `<!DOCTYPE a [<!ENTITY x "y">]>${answer('<value>&x;</value>')}`],
  ['an entity alone', `<!ENTITY x "y">${answer('<value>1</value>')}`],
  ['HTML', '<html><body><p>Sign in</body></html>'],
  ['nothing', ''],
  ['text', 'Bad gateway'],
  ['what is cut off', answer('<value><int>1</int></value>').slice(0, -20)],
  ['no number', answer('<value><int>one</int></value>')],
  ['a number too large to be exact', answer('<value><i8>9007199254740993</i8></value>')],
  ['a number that is no end', answer('<value><double>inf</double></value>')],
  ['no boolean', answer('<value><boolean>yes</boolean></value>')],
  ['a type of its own', answer('<value><pickle>x</pickle></value>')],
  ['what is nested without end', answer(`${'<value><array><data>'.repeat(5000)}<value>1</value>${'</data></array></value>'.repeat(5000)}`)],
])('[ODOO-22] %s is no answer', (_, text) => {
  expect(() => decodeAnswer(text)).toThrow(BadXml);
});

test('[ODOO-23] what XML-RPC cannot hold is not written', () => {
  for (const value of ['\0', '\u0007', '\ud800', Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, undefined, 5n]) {
    expect(() => encodeCall('m', [value])).toThrow(RangeError);
  }
  expect(() => encodeCall('m', [Array.from({ length: 200 }).reduce((inside) => [inside], 1)])).toThrow(/nested too deep/);
});
