// Checks every dashboard in deploy/grafana/dashboards against the types that Grafana publishes
// (@grafana/schema): the dashboard, and each panel's options and fields by its kind. Run by hand:
//
//     cd tests/grafana && npm install && node check.mjs
//
// Options that a panel leaves out take Grafana's defaults, so only the dashboard must be complete.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { createGenerator } from "ts-json-schema-generator";

const here = path.dirname(fileURLToPath(import.meta.url));
const types = path.join(here, "node_modules/@grafana/schema/dist/types/raw");
const dashboards = path.join(here, "../../deploy/grafana/dashboards");

function validator(file, type) {
  const options = { path: file, type, skipTypeCheck: true, additionalProperties: false, expose: "all" };
  const schema = createGenerator(options).createSchema(type);
  return new Ajv({ strict: false, allErrors: true }).compile(schema);
}

const panelTypes = new Map();
function ofPanel(kind) {
  if (!panelTypes.has(kind)) {
    const file = path.join(types, `composable/${kind}/panelcfg/x/types.gen.d.ts`);
    const fields = fs.readFileSync(file, "utf8").includes(" FieldConfig ");
    panelTypes.set(kind, {
      options: validator(file, "Options"),
      fields: fields ? validator(file, "FieldConfig") : () => true,
    });
  }
  return panelTypes.get(kind);
}

let faults = 0;
function check(validate, value, where, complete) {
  if (value === undefined || validate(value)) return;
  for (const error of validate.errors) {
    if (error.keyword === "required" && !complete) continue;
    faults += 1;
    console.log(`${where}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
  }
}

const dashboard = validator(path.join(types, "dashboard/x/types.gen.d.ts"), "Dashboard");
let panels = 0;
for (const name of fs.readdirSync(dashboards)) {
  const content = JSON.parse(fs.readFileSync(path.join(dashboards, name), "utf8"));
  check(dashboard, content, name, true);
  for (const panel of content.panels) {
    panels += 1;
    const { options, fields } = ofPanel(panel.type);
    check(options, panel.options, `${name}, ${panel.title}: options`, false);
    check(fields, panel.fieldConfig?.defaults?.custom, `${name}, ${panel.title}: custom`, false);
  }
}
console.log(`${panels} panels, ${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
