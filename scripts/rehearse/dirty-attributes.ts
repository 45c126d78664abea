/** An attribute that a second plan may show as changed, because the world, not the stack, is wrong. */
export type DirtyAttribute = { readonly type: string; readonly attribute: string; readonly reason: string };

export const maxDirtyAttributes = 10;

export const dirtyAttributes: readonly DirtyAttribute[] = [];
