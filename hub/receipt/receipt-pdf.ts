import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { create } from 'fontkit';
import PDFDocument from 'pdfkit';
import type { Line, Receipt, Section } from './receipt.ts';
import { directionOf, toLines, toRuns, toVisible } from './visible-text.ts';

/* One A4 page or more, PDF/A-2a: tagged, with its fonts, the same bytes for the same receipt. Lengths are points, 1/72 inch. */

const EDGE = 56;
const [WIDTH, HEIGHT] = [595.28, 841.89];
const VALUES_FROM = EDGE + 150;
const VALUES_WIDTH = WIDTH - EDGE - VALUES_FROM;
const LABELS_WIDTH = VALUES_FROM - EDGE - 12;
const BOTTOM = HEIGHT - EDGE - 24;
const SIZE = 10;
const LEADING = 15;
const [INK, FAINT, RULE] = ['#14201a', '#4d5c54', '#c3ccc7'];

type Struct = PDFKit.PDFStructureElement;
type Pen = { readonly doc: PDFKit.PDFDocument; readonly root: Struct; readonly show: (text: string) => string; y: number };

/** The document as it is sent. */
export async function toPdf(receipt: Receipt): Promise<Buffer> {
  const fonts = await readFonts();
  const pen = begin(receipt, fonts);
  const { doc } = pen;
  const parts: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) =>
    doc
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', resolve)
      .on('error', reject),
  );
  drawHead(pen, receipt);
  for (const section of receipt.sections) drawSection(pen, section);
  pen.root.end();
  drawFeet(pen, receipt);
  doc.end();
  await ended;
  return Buffer.concat(parts);
}

type Fonts = { readonly regular: Buffer; readonly bold: Buffer; readonly hasGlyph: (codePoint: number) => boolean };

let fonts: Promise<Fonts> | undefined;

/** DejaVu has Latin, Greek and Cyrillic, and Arabic, Hebrew, Armenian and Georgian besides. Read when first needed, and kept. */
function readFonts(): Promise<Fonts> {
  fonts ??= (async () => {
    const [regular, bold] = await Promise.all([
      readFile(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'))),
      readFile(fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'))),
    ]);
    const font = create(regular);
    if (!('hasGlyphForCodePoint' in font)) throw new Error('DejaVuSans.ttf is a collection of fonts instead of one');
    return { regular, bold, hasGlyph: (codePoint) => font.hasGlyphForCodePoint(codePoint) };
  })();
  return fonts;
}

function begin({ title, number, made_at }: Receipt, { regular, bold, hasGlyph }: Fonts): Pen {
  const at = new Date(made_at);
  const doc = new PDFDocument({
    size: [WIDTH, HEIGHT],
    margin: 0,
    pdfVersion: '1.7',
    subset: 'PDF/A-2a',
    tagged: true,
    lang: 'en',
    displayTitle: true,
    bufferPages: true,
    // Otherwise a standard font would be opened that is never drawn with. The types know paths only.
    font: regular as unknown as string,
    // The date is part of the file's id, and the id of its bytes.
    info: { Title: `${title} ${number}`, Creator: 'Green Lines Hub', Producer: 'Green Lines Hub', CreationDate: at, ModDate: at },
  });
  doc.registerFont('regular', regular).registerFont('bold', bold);
  const root = doc.struct('Document');
  doc.addStructure(root);
  return { doc, root, show: (text) => toVisible(text, hasGlyph), y: EDGE };
}

function drawHead(pen: Pen, { title, number }: Receipt): void {
  const { doc, root } = pen;
  root.add(doc.struct('H1', {}, () => void doc.font('bold').fontSize(22).fillColor(INK).text(title, EDGE, pen.y, ONE_LINE)));
  pen.y += 32;
  const element = doc.struct('P', {}, () => {
    pen.y = drawText(pen, number, { x: EDGE, width: WIDTH - 2 * EDGE, color: FAINT });
  });
  root.add(element);
  pen.y += 10;
}

function drawSection(pen: Pen, { title, lines }: Section): void {
  const { doc, root } = pen;
  // A title alone at the foot of a page would stand for nothing.
  turnPageUnless(pen, 40 + heightOf(pen, lines[0]));
  asArtifact(doc, 'Layout', () =>
    doc
      .moveTo(EDGE, pen.y)
      .lineTo(WIDTH - EDGE, pen.y)
      .lineWidth(0.75)
      .strokeColor(RULE)
      .stroke(),
  );
  pen.y += 10;
  root.add(doc.struct('H2', {}, () => void doc.font('bold').fontSize(11).fillColor(INK).text(title, EDGE, pen.y, ONE_LINE)));
  pen.y += 20;
  const list = doc.struct('L');
  root.add(list);
  for (const line of lines) drawLine(pen, list, line);
  list.end();
  pen.y += 8;
}

function drawLine(pen: Pen, list: Struct, { label, text }: Line): void {
  const { doc } = pen;
  turnPageUnless(pen, heightOf(pen, { label, text }));
  const item = doc.struct('LI');
  list.add(item);
  let [labelEnds, textEnds] = [pen.y, pen.y];
  item.add(doc.struct('Lbl', {}, () => void (labelEnds = drawText(pen, label, { x: EDGE, width: LABELS_WIDTH, color: FAINT }))));
  item.add(doc.struct('LBody', {}, () => void (textEnds = drawText(pen, text, { x: VALUES_FROM, width: VALUES_WIDTH, color: INK }))));
  item.end();
  pen.y = Math.max(labelEnds, textEnds) + 2;
}

function turnPageUnless(pen: Pen, height: number): void {
  if (pen.y + height <= BOTTOM) return;
  pen.doc.addPage();
  pen.y = EDGE;
}

function heightOf(pen: Pen, line: Line | undefined): number {
  if (line === undefined) return 0;
  const lines = Math.max(linesOf(pen, line.label, LABELS_WIDTH).length, linesOf(pen, line.text, VALUES_WIDTH).length);
  return lines * LEADING + 2;
}

function linesOf({ doc, show }: Pen, text: string, width: number): string[] {
  doc.font('regular').fontSize(SIZE);
  return toLines(show(text), width, (part) => doc.widthOfString(part, ONE_LINE));
}

type Place = { readonly x: number; readonly width: number; readonly color: string };

/** Returns where the next line would stand. */
function drawText(pen: Pen, text: string, { x, width, color }: Place): number {
  const { doc } = pen;
  const direction = directionOf(text);
  let { y } = pen;
  for (const line of linesOf(pen, text, width)) {
    let from = x;
    for (const run of toRuns(line, direction)) {
      doc.fillColor(color).text(run, from, y, ONE_LINE);
      from += doc.widthOfString(run, ONE_LINE);
    }
    y += LEADING;
  }
  return y;
}

// With features, even none, a piece is shaped as a whole; without them it is shaped word by word, which a right-to-left one cannot be.
const ONE_LINE: PDFKit.Mixins.TextOptions = { lineBreak: false, features: [] };

/** On every page its number and what it is a page of. */
function drawFeet({ doc }: Pen, { number }: Receipt): void {
  const { count } = doc.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    doc.switchToPage(page);
    asArtifact(doc, 'Pagination', () => {
      doc.font('regular').fontSize(8).fillColor(FAINT);
      const place = `Page ${page + 1} of ${count}`;
      doc.text(`Green Lines Hub · ${number}`, EDGE, HEIGHT - EDGE, ONE_LINE);
      doc.text(place, WIDTH - EDGE - doc.widthOfString(place, ONE_LINE), HEIGHT - EDGE, ONE_LINE);
    });
  }
}

/** What a screen reader passes over. */
function asArtifact(doc: PDFKit.PDFDocument, type: 'Layout' | 'Pagination', draw: () => unknown): void {
  doc.markContent('Artifact', { type });
  draw();
  doc.endMarkedContent();
}
