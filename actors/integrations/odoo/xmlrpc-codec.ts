import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** An answer that is no XML-RPC. */
export class BadXml extends Error {
  override readonly name = 'BadXml';
}

export type XmlRpcAnswer = { readonly value: unknown } | { readonly fault: { readonly code: number; readonly text: string } };

/** Records nest a handful of levels; whoever nests more means harm. */
const DEEPEST = 64;
const INT_MOST = 2 ** 31 - 1;

/** Control characters that no XML may hold, not even escaped. */
// oxlint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** A call as http://xmlrpc.com/spec writes it; `null` is `<nil/>`. Throws a RangeError for what it cannot write. */
export function encodeCall(method: string, params: readonly unknown[]): string {
  const written = params.map((param) => `<param>${toValue(param, 0)}</param>`).join('');
  return `<?xml version="1.0"?><methodCall><methodName>${escape(method)}</methodName><params>${written}</params></methodCall>`;
}

function toValue(value: unknown, depth: number): string {
  if (depth > DEEPEST) throw new RangeError('A value is nested too deep for XML-RPC');
  return `<value>${toType(value, depth)}</value>`;
}

function toType(value: unknown, depth: number): string {
  if (value === null) return '<nil/>';
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`;
  if (typeof value === 'string') return `<string>${escape(value)}</string>`;
  if (typeof value === 'number') return toNumber(value);
  if (Array.isArray(value)) return `<array><data>${value.map((item) => toValue(item, depth + 1)).join('')}</data></array>`;
  if (typeof value !== 'object') throw new RangeError(`XML-RPC has no ${typeof value}`);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const written = members.map(([name, member]) => `<member><name>${escape(name)}</name>${toValue(member, depth + 1)}</member>`);
  return `<struct>${written.join('')}</struct>`;
}

function toNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`XML-RPC has no ${value}`);
  if (!Number.isInteger(value)) return `<double>${value}</double>`;
  if (value > INT_MOST || value < -INT_MOST - 1) throw new RangeError(`${value} is larger than an int of XML-RPC`);
  return `<int>${value}</int>`;
}

function escape(text: string): string {
  if (UNWRITABLE.test(text) || !text.isWellFormed()) throw new RangeError('A text has characters that XML cannot hold');
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}

/** Reads a method's answer. Throws a BadXml for everything else; a document type or an entity of its own is refused before it is parsed. */
export function decodeAnswer(text: string): XmlRpcAnswer {
  if (/<!(?!\[CDATA\[|--)/.test(text)) throw new BadXml('It has a document type.');
  refuseDepth(text);
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new BadXml(`Line ${valid.err.line}: ${valid.err.msg}`);
  const parser = new XMLParser({
    preserveOrder: true,
    parseTagValue: false,
    trimValues: false,
    processEntities: false,
    ignoreDeclaration: true,
  });
  const response = child(nodesOf(parser.parse(text)), 'methodResponse');
  const fault = find(response, 'fault');
  if (fault !== undefined) return { fault: toFault(readValue(child(fault, 'value'))) };
  return { value: readValue(child(child(child(response, 'params'), 'param'), 'value')) };
}

type Node = { readonly tag: string; readonly text: string; readonly inside: readonly Node[] };

/** The parser's own shape: `{tag: [children]}` and `{'#text': text}`. */
function nodesOf(parsed: unknown): readonly Node[] {
  if (!Array.isArray(parsed)) return [];
  return parsed.map((node: Record<string, unknown>) => {
    const tag = Object.keys(node).find((name) => name !== ':@') ?? '';
    const held = node[tag];
    return tag === '#text' ? { tag, text: unescape(String(held)), inside: [] } : { tag, text: '', inside: nodesOf(held) };
  });
}

function find(nodes: readonly Node[], tag: string): readonly Node[] | undefined {
  return nodes.find((node) => node.tag === tag)?.inside;
}

function child(nodes: readonly Node[], tag: string): readonly Node[] {
  const found = find(nodes, tag);
  if (found === undefined) throw new BadXml(`A ${tag} is missing.`);
  return found;
}

function readValue(inside: readonly Node[]): unknown {
  const node = inside.find(({ tag }) => tag !== '#text');
  // A value without a type is a string.
  if (node === undefined) return textOf(inside);
  const text = textOf(node.inside);
  switch (node.tag) {
    case 'nil':
      return null;
    case 'string':
    case 'dateTime.iso8601':
    case 'base64':
      return text;
    case 'boolean':
      if (text.trim() !== '0' && text.trim() !== '1') throw new BadXml(`${text.slice(0, 40)} is no boolean.`);
      return text.trim() === '1';
    case 'int':
    case 'i4':
    case 'i8':
    case 'double':
      return readNumber(text.trim(), node.tag);
    case 'array':
      return child(node.inside, 'data')
        .filter(({ tag }) => tag === 'value')
        .map((value) => readValue(value.inside));
    case 'struct':
      return Object.fromEntries(
        node.inside
          .filter(({ tag }) => tag === 'member')
          .map((member) => [textOf(child(member.inside, 'name')), readValue(child(member.inside, 'value'))]),
      );
    default:
      throw new BadXml(`XML-RPC has no type ${node.tag.slice(0, 40)}.`);
  }
}

function readNumber(text: string, type: string): number {
  const number = Number(text);
  const isFit = text !== '' && (type === 'double' ? Number.isFinite(number) : /^[+-]?\d+$/.test(text) && Number.isSafeInteger(number));
  if (!isFit) throw new BadXml(`${text.slice(0, 40)} is no ${type}.`);
  return number;
}

function toFault(value: unknown): { code: number; text: string } {
  const { faultCode, faultString } = (value ?? {}) as { faultCode?: unknown; faultString?: unknown };
  if (faultCode === undefined || typeof faultString !== 'string') throw new BadXml('A fault says neither code nor text.');
  return { code: Number(faultCode), text: faultString };
}

function textOf(nodes: readonly Node[]): string {
  return nodes.map(({ text }) => text).join('');
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    if (point > 0x10ffff) throw new BadXml(`${whole} is no character.`);
    return String.fromCodePoint(point);
  });
}

/** Before the parser, which would go as deep as it is led. */
function refuseDepth(text: string): void {
  let depth = 0;
  for (const [, closes, empty] of text.matchAll(/<(\/?)[A-Za-z][^<>]*?(\/?)>/g)) {
    if (closes === '/') depth--;
    else if (empty !== '/') depth++;
    // Each level of a value takes up to four tags: member, value, struct or array, data.
    if (depth > DEEPEST * 4) throw new BadXml('It is nested too deep.');
  }
}
