// Grey lines in place of content that is being loaded: they keep its room, so that nothing jumps.
export const Skeleton = ({ lines = 3, label = 'Loading' }: { lines?: number; label?: string }) => (
  <div class="skeleton" role="status" aria-label={label}>
    {Array.from({ length: lines }, (_, at) => (
      <span key={at} class={`line w${(at * 7) % 4}`} />
    ))}
  </div>
);
