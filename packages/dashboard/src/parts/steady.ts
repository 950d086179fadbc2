// A part that is drawn again only when one of its properties is another object. With the story's structural sharing
// (story/keep-equal.ts) that makes a calm row free.
import { Component, type ComponentType, createElement, type FunctionComponent } from 'preact';

/** `part`, drawn only when a property changed identity. */
export function steady<P extends object>(part: FunctionComponent<P>): ComponentType<P> {
  return class Steady extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const before = this.props as Record<string, unknown>;
      const after = next as Record<string, unknown>;
      const keys = Object.keys(after);
      return keys.length !== Object.keys(before).length || keys.some((key) => before[key] !== after[key]);
    }
    override render() {
      return createElement(part as FunctionComponent<object>, this.props as P & object);
    }
  };
}
