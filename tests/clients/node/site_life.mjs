// The life of a Site through @kubernetes/client-node, unchanged: CustomObjectsApi and an informer.
//
// Prints a line for each thing that is done. Between "watching" and "resumed" the test restarts the server: the informer
// ends with the objects that there are.
import { setTimeout as pause } from "node:timers/promises";
import { CustomObjectsApi, KubeConfig, PatchStrategy, makeInformer, setHeaderOptions } from "@kubernetes/client-node";
import { check, restarted, until } from "../life.mjs";

const where = { group: "reeve", version: "v1", namespace: "default", plural: "sites" };
const site = (name, spec = { type: "Static" }) =>
  ({ apiVersion: "reeve/v1", kind: "Site", metadata: { name, labels: { app: "blog" } }, spec });

async function code(promise) {
  return promise.then(() => 200, (error) => error.code ?? -1);
}

const config = new KubeConfig();
config.loadFromDefault();
const api = config.makeApiClient(CustomObjectsApi);
const list = () => api.listNamespacedCustomObject(where);
const create = (name) => api.createNamespacedCustomObject({ ...where, body: site(name) });

const made = await api.createNamespacedCustomObject({ ...where, body: site("blog", { type: "Static", replicas: 2 }) });
check(made.metadata.uid && made.spec.replicas === 2, "blog was made");
check((await code(create("blog"))) === 409, "a second one is a conflict");
check((await code(api.getNamespacedCustomObject({ ...where, name: "nope" }))) === 404, "there is no nope");
console.log("created");

const patched = await api.patchNamespacedCustomObject(
  { ...where, name: "blog", body: { spec: { replicas: 3 } } },
  setHeaderOptions("Content-Type", PatchStrategy.MergePatch));
check(patched.spec.replicas === 3, "a merge patch counts");
check((await code(api.replaceNamespacedCustomObject({ ...where, name: "blog", body: made }))) === 409,
  "a stale update is a conflict");
console.log("changed");

const events = [];
const informer = makeInformer(config, "/apis/reeve/v1/namespaces/default/sites", list);
for (const verb of ["add", "update", "delete"])
  informer.on(verb, (object) => events.push(`${verb} ${object.metadata.name}`));
let down = 0;
informer.on("error", async () => {  // As the library's documentation has it.
  ++down;
  await pause(50);
  const again = () => informer.start().catch(async () => { await pause(50); again(); });
  again();
});
await informer.start();
await until("the informer knows blog", () => informer.get("blog", "default") !== undefined);
await create("one");
await until("the informer knows one", () => events.includes("add one"));
console.log("watching");

await restarted();
await until("two could be made", () => create("two").then(() => true));
await until("the informer knows two", () => events.includes("add two"));
await api.deleteNamespacedCustomObject({ ...where, name: "one" });
await until("the informer forgets one", () => events.includes("delete one"));
check(events.filter((event) => event === "add two").length === 1, `nothing came twice: ${events}`);
console.log("resumed");

for (const name of ["blog", "two"]) await api.deleteNamespacedCustomObject({ ...where, name });
await until("the informer is empty", () => informer.list().length === 0);
await informer.stop();
console.log("deleted");
process.exit(0);
