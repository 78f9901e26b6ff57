// Whether the component is still in the page, for work that ends later.
import { useEffect, useRef } from 'preact/hooks';

export function useIsMounted(): { readonly current: boolean } {
  const isMounted = useRef(true);
  useEffect(
    () => () => {
      isMounted.current = false;
    },
    [],
  );
  return isMounted;
}
