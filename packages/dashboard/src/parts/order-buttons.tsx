// Buttons that ask the healer for something. Each asks back once, because it disturbs a running replica; the answer, or
// the API's own refusal with its hint, stays beside the button. The budget still has the last word, and the feed tells.
import type { Order } from '@hale/model';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ApiTrouble, postOrder } from '../wire/api.ts';
import { Trouble } from './trouble.tsx';

export interface OrderChoice {
  readonly label: string;
  readonly order: Order;
  /** What it will do, in one sentence; the question is whether to. */
  readonly consequence: string;
}

type Step =
  | { readonly kind: 'idle' }
  | { readonly kind: 'asking'; readonly choice: OrderChoice }
  | { readonly kind: 'sending'; readonly choice: OrderChoice }
  | { readonly kind: 'accepted'; readonly choice: OrderChoice }
  | { readonly kind: 'refused'; readonly trouble: ApiTrouble };

export function OrderButtons({ choices }: { choices: readonly OrderChoice[] }) {
  const [step, setStep] = useState<Step>({ kind: 'idle' });
  const confirm = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (step.kind === 'asking') confirm.current?.focus();
  }, [step.kind]);
  const send = async (choice: OrderChoice) => {
    setStep({ kind: 'sending', choice });
    const answer = await postOrder(choice.order);
    setStep(answer.ok ? { kind: 'accepted', choice } : { kind: 'refused', trouble: answer.trouble });
  };
  if (step.kind === 'asking' || step.kind === 'sending')
    return (
      <fieldset class="orders asking">
        <legend>{step.choice.label}?</legend>
        <p>{step.choice.consequence}</p>
        <button
          type="button"
          class="primary"
          ref={confirm}
          disabled={step.kind === 'sending'}
          onClick={() => void send(step.choice)}
        >
          {step.kind === 'sending' ? 'Asking…' : `Yes, ${step.choice.label.toLowerCase()}`}
        </button>
        <button type="button" onClick={() => setStep({ kind: 'idle' })} disabled={step.kind === 'sending'}>
          Cancel
        </button>
      </fieldset>
    );
  return (
    <div class="orders">
      {choices.map((choice) => (
        <button type="button" key={choice.label} onClick={() => setStep({ kind: 'asking', choice })}>
          {choice.label}
        </button>
      ))}
      {step.kind === 'accepted' && (
        <p class="accepted" role="status">
          {step.choice.label}: accepted. The feed tells what happens.
        </p>
      )}
      {step.kind === 'refused' && <Trouble trouble={step.trouble} />}
    </div>
  );
}
