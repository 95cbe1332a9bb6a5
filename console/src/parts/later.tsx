import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem";
import { ProblemNote } from "./parts";

/** A component that is fetched when it is first shown, to keep the first screen small. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Later(props: P) {
    const [problem, setProblem] = useState<Problem>();
    const [, setHere] = useState(loaded !== undefined);
    useEffect(() => {
      if (loaded) return;
      load()
        .then((component) => (loaded = component))
        .then(() => setHere(true))
        .catch((error) => setProblem(Problem.unreachable(error)));
    }, []);
    const Loaded = loaded;
    if (Loaded) return <Loaded {...props} />;
    return (
      <main id="content" aria-busy={!problem}>
        <ProblemNote problem={problem} />
      </main>
    );
  };
}
