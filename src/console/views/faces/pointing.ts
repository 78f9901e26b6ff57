// What the user points at in the faces of a resource, by mouse, keyboard or touch, and what is highlighted by it.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Faces } from '../../api/faces-data.ts';
import { findHighlights, type Highlights, type Target } from './lineage.ts';

export interface Pointing {
  target: Target | undefined;
  highlights: Highlights | undefined;
  isPinned: boolean;
  onPoint: (target: Target | undefined) => void;
  /** Keeps a target until it is chosen again, another is, or Escape is pressed. */
  onPin: (target: Target) => void;
  release: () => void;
}

export function usePointing(faces: Faces): Pointing {
  const [pointed, setPointed] = useState<Target>();
  const [pinned, setPinned] = useState<Target>();
  const release = (): void => setPinned(undefined);
  useEffect(() => {
    const steer = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') release();
    };
    window.addEventListener('keydown', steer);
    return () => window.removeEventListener('keydown', steer);
  }, []);
  const target = pinned ?? pointed;
  const highlights = useMemo(() => target && findHighlights(faces, target), [faces, target?.face, target?.path]);
  const onPin = (next: Target): void => setPinned((before) => (isSameTarget(before, next) ? undefined : next));
  return { target, highlights, isPinned: pinned !== undefined, onPoint: setPointed, onPin, release };
}

const isSameTarget = (one: Target | undefined, other: Target): boolean => one?.face === other.face && one?.path === other.path;
