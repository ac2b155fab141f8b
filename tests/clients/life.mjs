// What the programs for Node share.
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

export const patience = 60_000;

export function check(ok, what) {
  if (!ok) throw new Error(`it should be that ${what}`);
}

// Polls; what fails while the server is away is tried again.
export async function until(what, predicate) {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    if (await Promise.resolve(predicate()).catch(() => false)) return;
    await pause(50);
  }
  throw new Error(`it did not come that ${what}`);
}

// Until the test says that it restarted the server.
export async function restarted() {
  const line = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
  check(line === "restarted", "the server was restarted");
}
