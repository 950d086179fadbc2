// Where the page begins: takes the token out of the address bar (the cookie has it by now), opens the line, and draws
// the story each time something arrived.
import { render } from 'preact';
import { Page } from './page.tsx';
import { type Arrival, blankStory, newestSeq, type Story, tell } from './story/story.ts';
import './styles/base.css';
import './styles/masthead.css';
import './styles/graph.css';
import './styles/lists.css';
import './styles/panel.css';
import { openStream } from './wire/stream.ts';

const root = document.getElementById('window');
if (root === null) throw new Error('index.html has no #window');
const home: Element = root;

forgetToken();
let story: Story = blankStory;
const draw = () => render(<Page story={story} />, home);
draw();
openStream({
  hand(arrivals: readonly Arrival[]) {
    story = arrivals.reduce(tell, story);
    draw();
  },
  newestSeq: () => newestSeq(story),
});

/** A token must not stay where it is seen over a shoulder, bookmarked or sent along (INV-12). */
function forgetToken(): void {
  const here = new URL(location.href);
  if (!here.searchParams.has('token')) return;
  here.searchParams.delete('token');
  history.replaceState(null, '', here);
}
