// A failure, said whole: what happened, what to type next, and the code to search for.
import type { ApiTrouble } from '../wire/api.ts';

export function Trouble({ trouble }: { trouble: ApiTrouble }) {
  return (
    <div class="trouble" role="alert">
      <p>{trouble.message}</p>
      <p class="hint">{trouble.hint}</p>
      <code>{trouble.code}</code>
    </div>
  );
}
