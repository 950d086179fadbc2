// The page in a real Chromium against the scripted control room: what a person would see when a replica crashes and is
// healed, when the control room dies, when the token is missing. Set HALE_SHOTS to a folder to keep the pictures.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { buildDashboard } from '../build.mjs';
import { openBrowser, skipWithoutChromium, type TestBrowser } from './browser.ts';
import { backUp, block, calmShop, crash, fallBack, heal, note } from './scenes.ts';
import { openScriptedControlRoom, type ScriptedControlRoom, token } from './scripted-control-room.ts';

const boundMs = 15_000;

describe('the page in a browser', { skip: skipWithoutChromium }, () => {
  let browser: TestBrowser;
  let room: ScriptedControlRoom;
  let page: Page;
  let complaints: string[];
  let assets: string;

  before(async () => {
    assets = (await buildDashboard()).folder;
    browser = await openBrowser();
  });
  after(() => browser.close());
  beforeEach(async () => {
    room = await openScriptedControlRoom(calmShop(), assets);
    await browser.context.clearCookies();
    page = await browser.context.newPage();
    page.setDefaultTimeout(boundMs);
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        complaints.push(message.text());
    });
  });
  afterEach(async () => {
    await page.close();
    await room.close();
    assert.deepEqual(complaints, []);
  });

  const open = async (hash = '') => {
    await page.goto(`${room.url}/?token=${token}${hash}`);
    await page.getByRole('heading', { name: 'shop', exact: true }).waitFor();
  };
  const shoot = async (name: string) => {
    const folder = process.env['HALE_SHOTS'];
    if (folder === undefined) return;
    for (let i = 0; i < 40; i++) {
      room.scene.traffic.requests += 90 + Math.round(20 * Math.sin(i / 3));
      room.pushTraffic();
      await page.waitForTimeout(90); // a picture needs a past
    }
    mkdirSync(folder, { recursive: true });
    await page.waitForTimeout(300); // lets a picture's animation end; nothing is asserted on it
    await page.screenshot({ path: join(folder, `${name}.png`) });
  };
  /** It is set a frame later than what is on the page. */
  const isTitled = (title: string) => page.waitForFunction((wanted) => document.title === wanted, title);
  const tell = (lines: ReturnType<typeof crash>) => {
    room.pushView();
    room.pushFeed(lines);
  };

  test('shows the system, and keeps the token out of sight', async () => {
    await open();
    for (const unit of ['gateway', 'storefront', 'orders', 'payments', 'inventory', 'db'])
      await page.getByRole('region', { name: unit, exact: true }).waitFor();
    await page.locator('.wire', { hasText: 'live' }).waitFor();
    assert.equal(await page.locator('.replica-table tbody tr').count(), 12);
    assert.match((await page.locator('.facts').textContent()) ?? '', /zones a, b simulated/);
    assert.match(
      (await page.locator('.incident-list, .card .empty').first().textContent()) ?? '',
      /kill -9 \d+ is storefront\/0/,
    );
    assert.ok(!page.url().includes('token'));
    await shoot('calm');
  });

  test('a crash arrives, the replica turns sick, and the healed line tops the feed', async () => {
    await open();
    await page.locator('.wire-live').waitFor();
    tell(crash(room.scene, 'orders/1'));
    await page.locator('.room a[aria-label^="orders/1: sick, rotation out"]').waitFor();
    await page.locator('.state-word', { hasText: 'healing' }).waitFor();
    await page.locator('.open-count', { hasText: '1 open' }).waitFor();
    await shoot('crash');
    tell(heal(room.scene, 'orders/1'));
    await page.locator('.feed-line').first().getByText('Healed in 840 ms').waitFor();
    await page.locator('.room a[aria-label^="orders/1: serving, rotation in"]').waitFor();
    await page.locator('.incident-line.outcome-healed', { hasText: 'healed in 840 ms' }).waitFor();
    await isTitled('shop: healthy');
  });

  test('a service that answers by fallback is a state of its own: in its room, on the arrow, in its panel', async () => {
    await open();
    tell(fallBack(room.scene, 'storefront', 'orders'));
    await page.locator('.room.is-degraded', { hasText: 'storefront' }).waitFor();
    await page.locator('.arrow.is-missed').waitFor({ state: 'attached' });
    await isTitled('shop: degraded');
    await page.getByRole('region', { name: 'storefront', exact: true }).locator('.room-name').click();
    const panel = page.getByRole('complementary', { name: 'service details' });
    await panel.getByText(/orders is missing for 12 min: the breaker of orders is open/).waitFor();
    await shoot('degraded');
  });

  test('how the backups of a database stand is in its panel, and what is in the way', async () => {
    await open('#/unit/db');
    const panel = page.locator('.panel');
    await panel.getByText('1 of 1').waitFor();
    assert.equal(await panel.getByRole('heading', { name: 'Backups' }).count(), 0);
    backUp(room.scene);
    room.pushView();
    await panel.getByRole('heading', { name: 'Backups: a proof is under way' }).waitFor();
    for (const words of ['3 h 5 min ago', '26 h ago, restored in 1.4 s', '2 min ago', '52 MB', 'the store is full'])
      await panel.getByText(words, { exact: true }).waitFor();
    await shoot('backups');
  });

  test('what keeps Hale itself from acting is said above all else, until it is over', async () => {
    await open();
    Object.assign(room.scene.view, { trouble: 'its own disk is full' });
    room.pushView();
    await page.getByRole('alert').getByText('Hale cannot act: its own disk is full.').waitFor();
    await page.locator('.floor.stale').waitFor();
    await shoot('trouble');
    Object.assign(room.scene.view, { trouble: undefined });
    room.pushView();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.locator('.floor:not(.stale)').waitFor();
  });

  test('an incident opens beside the page, by link too, and Escape closes it', async () => {
    const lines = block(room.scene, 'inventory/0');
    const id = room.scene.view.incidents[0]!.id;
    assert.ok(lines.length > 0);
    await open(`#/incident/${id}`);
    const panel = page.getByRole('complementary', { name: 'incident details' });
    await panel.getByText('blocked loop').first().waitFor();
    for (const lane of ['symptom', 'evidence', 'isolation', 'decision', 'action', 'verification', 'outcome'])
      await panel.getByRole('heading', { name: lane, exact: true }).waitFor();
    await panel.getByText('rejected').first().waitFor();
    await panel.getByText('priceOf (services/inventory/price.ts:41:12)').waitFor();
    await shoot('incident');
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await page.goto(`${room.url}/#/incident/01NOSUCH`);
    await page.getByRole('alert').getByText('hale incidents').waitFor();
  });

  test('a replica can be asked to restart, after a question; a refusal is shown with its hint', async () => {
    await open();
    await page.locator('.replica-table a', { hasText: 'orders/1' }).click();
    const panel = page.getByRole('complementary', { name: 'replica details' });
    await panel.getByText('GET /orders/17 200 3ms').waitFor();
    await panel.getByRole('button', { name: 'Restart', exact: true }).click();
    assert.equal(room.orders.length, 0);
    await shoot('replica');
    await panel.locator('button.primary:focus').waitFor();
    await page.keyboard.press('Enter');
    await panel.getByText('Restart: accepted').waitFor();
    assert.deepEqual(room.orders, [{ kind: 'restart', unit: 'orders', replica: 'orders/1' }]);
    room.refuseWith = {
      status: 409,
      code: 'HALE_CONTROL_FLOOR',
      message: 'orders would fall below its floor.',
      hint: 'Wait until orders/1 serves, or scale orders up first.',
    };
    await panel.getByRole('button', { name: 'Drain', exact: true }).click();
    await panel.getByRole('button', { name: 'Yes, drain' }).click();
    await panel.getByRole('alert').getByText('scale orders up first').waitFor();
  });

  test('says when it lost the control room, and catches up on what it missed', async () => {
    await open();
    await page.locator('.wire-live').waitFor();
    room.dark = true;
    room.cutStreams();
    await page.locator('.wire-lost', { hasText: 'last heard' }).waitFor();
    await shoot('lost');
    crash(room.scene, 'payments/0');
    heal(room.scene, 'payments/0');
    room.dark = false;
    await page.locator('.wire-live').waitFor();
    await page.locator('.feed-line', { hasText: 'Healed in 840 ms: restart payments/0' }).waitFor();
    assert.equal(await page.locator('.feed-line').count(), 5);
  });

  test('without the token it says how to get in', async () => {
    await page.goto(room.url);
    await page.getByRole('heading', { name: 'This page needs its token' }).waitFor();
    await shoot('locked');
    await open();
    await page.locator('.wire-live').waitFor();
    await browser.context.clearCookies();
    room.cutStreams();
    await page.getByRole('alert').getByText('hale dashboard').waitFor();
    await page.getByRole('region', { name: 'orders', exact: true }).waitFor();
  });

  test('can be walked by keyboard: from the skip link to a room, its panel, and back', async () => {
    await open();
    await page.locator('.wire-live').waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to what the healer did');
    for (let i = 0; i < 30 && !(await focused()).startsWith('orders'); i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const panel = page.getByRole('complementary', { name: 'service details' });
    await panel.getByText('all replicas serve').waitFor();
    await page.locator('h2:focus', { hasText: /^orders$/ }).waitFor();
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await page.locator('a:focus', { hasText: /^orders/ }).waitFor();
  });

  test('finds replicas by words where there are many', async () => {
    const model = room.scene.view.replicas.find((one) => one.unit === 'orders')!;
    for (let i = 3; i < 12; i++)
      room.scene.view.replicas.push({ ...model, replica: `orders/${i}` as typeof model.replica });
    crash(room.scene, 'orders/7');
    await open();
    await page.getByRole('searchbox').fill('orders sick');
    await page.getByRole('heading', { name: 'Replicas (1 of 21)' }).waitFor();
    await page.locator('.replica-table tbody tr', { hasText: 'orders/7' }).waitFor();
  });

  test('stays whole in the dark and on a telephone', async () => {
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    crash(room.scene, 'orders/1');
    heal(room.scene, 'orders/1');
    block(room.scene, 'inventory/0');
    await open();
    await page.locator('.feed-line').first().waitFor();
    const paper = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    assert.equal(paper, 'rgb(16, 19, 21)');
    await shoot('dark');
    await page.setViewportSize({ width: 400, height: 860 });
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await page.waitForFunction(() => document.querySelector('.graph')!.clientWidth < 400);
    assert.ok((await overflow()) <= 0, 'the page scrolls sideways');
    await shoot('narrow');
    await page.goto(`${room.url}/#/incident/${room.scene.view.incidents[1]!.id}`);
    await page.getByRole('complementary').waitFor();
    assert.ok((await overflow()) <= 0, 'the panel scrolls sideways');
    await shoot('narrow-incident');
  });

  test('five thousand lines and a hundred replicas leave it bounded and alive', async () => {
    const orders = room.scene.view.units.find((one) => one.unit === 'orders')!;
    const model = room.scene.view.replicas.find((one) => one.unit === 'orders')!;
    for (let i = 3; i < 100; i++)
      room.scene.view.replicas.push({ ...model, replica: `orders/${i}` as typeof model.replica, pid: 50_000 + i });
    Object.assign(orders, { wanted: 100, serving: 100 });
    await open();
    await page.locator('.wire-live').waitFor();
    const lines = Array.from({ length: 5_000 }, (_, i) => note(room.scene, 'info', `line ${i}`, { unit: 'orders' }));
    for (let i = 0; i < lines.length; i += 100) {
      tell(lines.slice(i, i + 100));
      room.pushTraffic();
    }
    await page.locator('.feed-line').first().getByText('line 4999').waitFor();
    await page.getByRole('button', { name: /older lines/ }).click();
    assert.equal(await page.locator('.feed-line').count(), 500);
    await shoot('many');
  });
});
