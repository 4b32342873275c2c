/** Which of two comes out first. Where neither does, it is not said which. */
export type ComesBefore<Item> = (one: Item, other: Item) => boolean;

/** Puts an item into a binary heap, whose first element is the one that comes out first. */
export function push<Item>(heap: Item[], item: Item, comesBefore: ComesBefore<Item>): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !comesBefore(item, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = item;
}

/** Takes the first item out. */
export function pop<Item>(heap: Item[], comesBefore: ComesBefore<Item>): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    if (right !== undefined && comesBefore(right, left)) child++;
    const smaller = heap[child];
    if (smaller === undefined || !comesBefore(smaller, last)) break;
    heap[index] = smaller;
    index = child;
  }
  heap[index] = last;
}
