import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';

export type ReadPdf = {
  /** What stands on each page, line by line. */
  readonly pages: readonly string[];
  readonly title: string;
  readonly language: string;
  /** The roles of its structure, in the order of reading. */
  readonly roles: readonly string[];
};

/** What somebody else's reader finds in a document. */
export async function readPdf(bytes: Uint8Array): Promise<ReadPdf> {
  const task = getDocument({ data: new Uint8Array(bytes), useSystemFonts: false });
  const document = await task.promise;
  const pages: string[] = [];
  const roles: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
    pages.push(text.normalize('NFC'));
    roles.push(...rolesOf(await page.getStructTree()));
  }
  const { info } = (await document.getMetadata()) as { info: { Title?: string; Language?: string } };
  await task.destroy();
  return { pages, title: info.Title ?? '', language: info.Language ?? '', roles };
}

function rolesOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { role, children } = node as { role?: unknown; children?: readonly unknown[] };
  return [...(typeof role === 'string' ? [role] : []), ...(children ?? []).flatMap(rolesOf)];
}
