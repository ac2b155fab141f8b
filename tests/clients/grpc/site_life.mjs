// The life of a Site through @grpc/grpc-js that knows nothing of Reeve: what there is to call, and how, the server says
// itself, by gRPC's reflection. Then an informer, as the protocol is meant: the state, its end, changes, and from there on again.
//
//   node site_life.mjs HOST:PORT PKI-DIRECTORY
//
// Prints a line for each thing that is done. Between "watching" and "resumed" the test restarts the server.
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { check, patience, restarted, until } from "../life.mjs";

const [endpoint, pki] = process.argv.slice(2);
const file = (name) => readFileSync(`${pki}/${name}`);
const known = grpc.credentials.createSsl(file("ca.crt"), file("admin.key"), file("admin.crt"));
const channel = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 500 };
const loading = { longs: String, enums: String, oneofs: true, defaults: false };

// ---- What the server says of itself. The protocol itself is gRPC's:
// https://github.com/grpc/grpc/blob/master/src/proto/grpc/reflection/v1alpha/reflection.proto

const field = (type, id, rule) => ({ type, id, ...(rule && { rule }) });
const reflection = grpc.loadPackageDefinition(loader.fromJSON({
  nested: { grpc: { nested: { reflection: { nested: { v1alpha: { nested: {
    ServerReflection: { methods: { ServerReflectionInfo: {
      requestType: "Request", requestStream: true, responseType: "Response", responseStream: true } } },
    Request: { fields: { fileContainingSymbol: field("string", 4), listServices: field("string", 7) } },
    Response: { fields: { fileDescriptorResponse: field("Files", 4), listServicesResponse: field("Services", 6) } },
    Files: { fields: { fileDescriptorProto: field("bytes", 1, "repeated") } },
    Services: { fields: { service: field("Service", 1, "repeated") } },
    Service: { fields: { name: field("string", 1) } },
  } } } } } } },
}, loading)).grpc.reflection.v1alpha.ServerReflection;

function ask(credentials, request) {
  const client = new reflection(endpoint, credentials, channel);
  return new Promise((resolve, reject) => {
    const call = client.ServerReflectionInfo({ deadline: Date.now() + patience });
    call.on("data", resolve).on("error", reject);
    call.write(request);
    call.end();
  }).finally(() => client.close());
}

function varint(n) {
  return n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)];
}

// A FileDescriptorSet is its files, one after the other, each as field 1.
const descriptorSet = (files) => Buffer.concat(files.flatMap((bytes) => [Buffer.from([10, ...varint(bytes.length)]), bytes]));

const services = (await ask(known, { listServices: "*" })).listServicesResponse.service.map((service) => service.name);
check(services.includes("reeve.v1.Resources"), `reeve.v1.Resources is one of ${services}`);
const { fileDescriptorProto } = (await ask(known, { fileContainingSymbol: "reeve.v1.Resources" })).fileDescriptorResponse;
const v1 = grpc.loadPackageDefinition(loader.loadFileDescriptorSetFromBuffer(descriptorSet(fileDescriptorProto), loading)).reeve.v1;
// Whoever has no certificate is told nothing.
const anonymous = await ask(grpc.credentials.createSsl(file("ca.crt")), { listServices: "*" }).then(() => 0, (error) => error.code);
check(anonymous === grpc.status.UNAVAILABLE, `there is no answer without a certificate: ${anonymous}`);
console.log("described");

// ---- The life of a Site.

const resources = new v1.Resources(endpoint, known, channel);
const call = (method, request) => new Promise((resolve, reject) => {
  resources[method](request, { deadline: Date.now() + patience }, (error, answer) => (error ? reject(error) : resolve(answer)));
});
const code = (promise) => promise.then(() => grpc.status.OK, (error) => error.code);
// Fields have the names of the descriptors; a map is what it is there, a list of entries.
const labels = [{ key: "app", value: "blog" }];
const site = (name, spec = {}) =>
  ({ site: { metadata: { name, namespace: "default", labels }, spec: { type: "Static", ...spec } } });
const key = (name) => ({ key: { kind: "Site", namespace: "default", name } });
const create = (object) => call("Create", { object, field_manager: "grpc-js" });

function list() {
  return new Promise((resolve, reject) => {
    const names = [];
    let summary;
    resources.List({ selector: { kind: "Site", namespace: "default", labels: "app=blog" } })
      .on("data", (chunk) => {
        for (const item of chunk.items ?? []) names.push(item.site.metadata.name);
        summary = chunk.summary ?? summary;
      })
      .on("error", reject)
      .on("end", () => (summary ? resolve({ names, summary }) : reject(new Error("a list without its summary"))));
  });
}

const made = await create(site("blog", { replicas: 2 }));
check(made.site.metadata.uid && made.site.spec.replicas === 2 && made.site.status.phase === "Created", "blog was made");
check((await code(create(site("blog")))) === grpc.status.ALREADY_EXISTS, "a second one cannot be");
check((await code(create(site("bad", { replicas: 200 })))) === grpc.status.INVALID_ARGUMENT, "200 are too many");
check((await code(call("Get", key("nope")))) === grpc.status.NOT_FOUND, "there is no nope");
check((await call("Get", key("blog"))).site.metadata.uid === made.site.metadata.uid, "blog can be read");
const listed = await list();
check(listed.names.join() === "blog" && listed.summary.count === "1", "the list has blog");
console.log("created");

const apply = (spec, manager, force = false) => call("Apply", {
  objects: [site("blog", spec)], field_manager: manager, force,
  mentioned: [{ paths: ["spec.type", ...Object.keys(spec).map((name) => `spec.${name}`)] }] });
const applied = (await apply({ domains: ["blog.example.test"] }, "applier")).results[0];
check(applied.action === "CONFIGURED" && applied.object.site.spec.replicas === 2, "an apply leaves what it does not mention");
check((await code(apply({ replicas: 4 }, "applier"))) === grpc.status.ABORTED, "grpc-js owns the replicas");
const forced = (await apply({ replicas: 4 }, "applier", true)).results[0].object;
check(forced.site.spec.replicas === 4, "force takes them");
const newer = structuredClone(forced);
newer.site.spec.replicas = 3;
const updated = await call("Update", { object: newer });
check(updated.site.spec.replicas === 3, "an update counts");
check((await code(call("Update", { object: newer }))) === grpc.status.ABORTED, "a stale update is refused");
console.log("changed");

// ---- An informer.

const cache = new Map(), events = [];
let revision = "0", epoch = "", snapshots = 0, stopped = false, stream;

function take(event) {
  const { metadata, status } = event.object?.site ?? {};
  if (event.type === "SNAPSHOT") {
    ++snapshots;
    epoch = event.summary.epoch;
  } else if (event.type === "DELETED") {
    cache.delete(metadata.name);
  } else if (metadata) {
    cache.set(metadata.name, event.object.site);
  }
  if (metadata) events.push(`${event.type} ${metadata.name} ${status?.phase}`);
  // A transaction is taken as one; the initial events count when they are complete.
  if (!event.more && snapshots > 0) revision = event.revision;
}

function watch() {
  if (stopped) return;
  const selector = { kind: "Site", namespace: "default" };
  stream = resources.Watch({ selector, revision, epoch, send_initial_events: revision === "0" });
  stream.on("data", take).on("error", (error) => {
    if ([grpc.status.OUT_OF_RANGE, grpc.status.DATA_LOSS].includes(error.code)) [revision, epoch] = ["0", ""];
    setTimeout(watch, 50);
  });
}

watch();
await until("the informer knows blog", () => cache.has("blog") && snapshots === 1);
for (const phase of ["Provisioning", "Active"]) {  // As a controller does it.
  const { site: live } = await call("Get", key("blog"));
  await call("UpdateStatus", { object: { site: { ...live, status: { ...live.status, phase } } }, field_manager: "controller" });
}
await until("the phases were seen", () => events.includes("MODIFIED blog Active"));
check(events.join() === "ADDED blog Created,MODIFIED blog Provisioning,MODIFIED blog Active", `each phase came once: ${events}`);
console.log("watching");

await restarted();
await until("two could be made", () => create(site("two")).then(() => true));
await until("the informer knows two", () => cache.has("two"));
check(snapshots === 1, "it went on from where it was, and did not begin anew");
check(events.filter((event) => event === "ADDED two Created").length === 1, `nothing came twice: ${events}`);
console.log("resumed");

for (const name of ["blog", "two"]) check((await call("Delete", key(name))).gone, `${name} is deleted`);
await until("the informer is empty", () => cache.size === 0);
check(events.includes("DELETED blog Active"), "the end came with the last object");
stopped = true;
stream.cancel();
console.log("deleted");
process.exit(0);
