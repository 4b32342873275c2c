/** A command cannot be done now, or not like this; the sentence says what to do, and nothing was changed. */
export class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refused';
  }
}
