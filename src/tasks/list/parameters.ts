/** Collects the parameters of a statement. The text consists of fixed pieces only; values from the client are always parameters. */
export class Parameters {
  readonly values: unknown[] = []
  add(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`
  }
}
