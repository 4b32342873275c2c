/** What a person calls an actor. A list has it from the machine; a page has only the context. */
export function titleOf(type: string, id: string, context: Readonly<Record<string, unknown>>): string {
  const text = (name: string): string | undefined => {
    const value = context[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  if (type === 'payment') return [text('payee'), text('reference')].filter((part) => part !== undefined).join(' · ') || id;
  return text('name') ?? text('title') ?? id;
}
