/** What was shown last, and for which question. */
export type Held<Copy> = { readonly topic: string; readonly copy: Copy };

/**
 * What is shown of a list: its copy, or, while that is on its way, the one of the question before, because a list that goes blank at
 * every key is worse than a late one. What was there for the same question and is not any more, and what is refused, was taken away
 * from whoever looks: nothing stands in for that.
 */
export function standIn<Copy>(
  last: Held<Copy> | undefined,
  { topic, copy, isRefused }: { readonly topic: string; readonly copy: Copy | undefined; readonly isRefused: boolean },
): Held<Copy> | undefined {
  if (copy !== undefined) return last?.topic === topic && last.copy === copy ? last : { topic, copy };
  return isRefused || last?.topic === topic ? undefined : last;
}
