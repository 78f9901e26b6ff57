// Keeps an error of one view from taking the whole console down.
import { Component, type ComponentChildren } from 'preact';
import { Button } from './button.tsx';
import { EmptyState } from './empty-state.tsx';

interface Failure {
  failed: boolean;
}

/** Give it a `key` that changes with the view: another view is tried anew. */
export class ErrorBoundary extends Component<{ children: ComponentChildren }, Failure> {
  override state: Failure = { failed: false };

  static override getDerivedStateFromError = (): Failure => ({ failed: true });

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <EmptyState
        isView
        icon="warning"
        title="This view failed"
        actions={
          <Button icon="refresh" onClick={() => location.reload()}>
            Load the page again
          </Button>
        }
      >
        <p>Nothing was saved. If it happens again, the other views still work.</p>
      </EmptyState>
    );
  }
}
