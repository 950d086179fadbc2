// The count of voices against what is meant by it: for each crowd that may be there, a commit goes if, and only if, the receiver has it and
// enough of the standbys have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiverSlots, receiverVoices } from './receiver-name.ts';

test('a server that only counts lets a commit go just when receiver and standbys have it', () => {
  for (let standbys = 1; standbys <= 5; standbys++) {
    for (let acknowledgers = 1; acknowledgers <= standbys; acknowledgers++) {
      const voices = receiverVoices(standbys, acknowledgers);
      const counted = voices + acknowledgers;
      for (let lines = 0; lines <= voices; lines++) {
        for (let there = 0; there <= standbys; there++) {
          const goes = lines + there >= counted;
          const says = `${lines} of ${voices} lines, ${there} of ${standbys} standbys, k = ${acknowledgers}`;
          if (goes) assert.ok(lines > 0 && there >= acknowledgers, says);
          if (lines === voices && there >= acknowledgers) assert.ok(goes, says);
        }
      }
    }
  }
});

test('each line has a slot of its own', () => {
  assert.deepEqual(receiverSlots('hale_backup', 1), ['hale_backup']);
  assert.deepEqual(receiverSlots('hale_backup', 3), ['hale_backup', 'hale_backup_2', 'hale_backup_3']);
});
