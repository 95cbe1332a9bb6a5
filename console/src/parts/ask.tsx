import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Problem } from "../api/problem";
import { useSpeech } from "../words/words";
import { ProblemNote } from "./parts";

/** Asks once more before what cannot be taken back. Escape and Cancel do nothing else than close it. */
export function Ask(props: {
  title: string;
  submit: string;
  busy: boolean;
  problem: Problem | undefined;
  onSubmit: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const { words } = useSpeech();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current!;
    shown.showModal();
    return () => shown.close(); // Gives the focus back to where it was.
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="ask-title"
      // What is behind it wakes when it is gone, not before: a key pressed in between would ask in vain.
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClose={() => dialog.current && props.onClose()}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          props.onSubmit();
        }}
      >
        <h2 id="ask-title">{props.title}</h2>
        {props.children}
        <ProblemNote problem={props.problem} />
        <div class="row">
          <button type="submit" class="danger" disabled={props.busy}>
            {props.submit}
          </button>
          <button type="button" class="plain" onClick={props.onClose}>
            {words.cancel}
          </button>
        </div>
      </form>
    </dialog>
  );
}
