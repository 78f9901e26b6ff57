// Opens the dialog that adds a key to the session, from the places that need one.
import { Button } from './button.tsx';

export const ADD_KEY = 'facet:add-key';

export const openAddKey = (): void => void window.dispatchEvent(new Event(ADD_KEY));

export const AddKeyButton = () => (
  <Button icon="key" onClick={openAddKey}>
    Add a key
  </Button>
);
