// The API for people, drawn from /openapi.json: no viewer of another's, so nothing from elsewhere.
import { html, render } from './ui.js';

const api = await (await fetch('/openapi.json')).json();
const follow = (schema) => (schema?.$ref ? follow(schema.$ref.split('/').slice(1).reduce((at, key) => at[key], api)) : schema);

const nameOf = (schema) => schema?.$ref?.split('/').pop();
const choices = (schema) => schema?.anyOf || schema?.oneOf || [];

function typeOf(schema) {
  const name = nameOf(schema);
  if (name) return name;
  if (choices(schema).length) return choices(schema).map(typeOf).join(' | ');
  if (schema?.const) return schema.const;
  if (schema?.type === 'array') return `${typeOf(schema.items)}[]`;
  return schema?.enum ? schema.enum.join(' | ') : schema?.format || schema?.type || 'any';
}

const Table = ({ rows }) => html`<table><tbody>${rows.map(([name, schema, needed, about]) => html`<tr><td><code>${name}</code>${needed ? ' *' : ''}</td><td>${typeOf(schema)}</td>
  <td>${about || schema.description || ''} ${schema.examples?.length ? html`<code>${JSON.stringify(schema.examples[0])}</code>` : ''}</td></tr>`)}</tbody></table>`;

function Fields({ schema }) {
  const found = follow(schema);
  if (!found?.properties) return null;
  return html`<${Table} rows=${Object.entries(found.properties).map(([name, s]) => [name, s, found.required?.includes(name)])} />`;
}

// The named types to which a schema leads, each once, in the order in which they are met.
function typesIn(schema, found = new Map()) {
  const name = nameOf(schema);
  if (name && found.has(name)) return found;
  const whole = follow(schema) || {};
  if (name) found.set(name, whole);
  for (const part of [...Object.values(whole.properties || {}), ...choices(whole), whole.items, whole.additionalProperties])
    if (part && typeof part === 'object') typesIn(part, found);
  return found;
}

const Types = ({ schema }) => [...typesIn(schema)].filter(([name]) => name !== nameOf(schema)).map(([name, whole]) => html`<details><summary><code>${name}</code></summary>
  <p>${whole.description || ''}</p>${whole.properties ? html`<${Fields} schema=${whole} />` : html`<p><code>${typeOf(whole)}</code></p>`}</details>`);

// A value of this type, for an example: what is required, and what the description shows.
function sample(schema) {
  const whole = follow(schema) || {};
  if (whole.examples?.length) return whole.examples[0];
  if (whole.const !== undefined) return whole.const;
  if (whole.enum) return whole.enum[0];
  if (choices(whole).length) return sample(choices(whole)[0]);
  if (whole.properties) return Object.fromEntries(Object.entries(whole.properties).filter(([name, part]) => whole.required?.includes(name) || part.const !== undefined).map(([name, part]) => [name, sample(part)]));
  return { integer: 1, number: 1, boolean: true, array: [] }[whole.type] ?? (whole.default || 'text');
}

function curl(path, method, op) {
  const body = op.requestBody?.content?.['application/json']?.schema;
  const at = path.replace(/\{(\w+)\}/g, (_, name) => sample(op.parameters?.find((one) => one.name === name)?.schema));
  const words = ['curl', op.responses[200]?.content?.['text/event-stream'] && '-N', op.security && "-H 'Authorization: Bearer TOKEN'",
    body && `-H 'Content-Type: application/json' -d '${JSON.stringify(sample(body))}'`, method === 'get' || body ? '' : `-X ${method.toUpperCase()}`, location.origin + at];
  return words.filter(Boolean).join(' ');
}

function Operation({ path, method, op }) {
  const body = op.requestBody?.content?.['application/json']?.schema;
  const good = Object.entries(op.responses).find(([code]) => code < 300);
  const answer = good?.[1].content?.['application/json']?.schema;
  return html`<section class="panel"><h2><b class="method">${method.toUpperCase()}</b> <code>${path}</code></h2><p><b>${op.summary}.</b> ${op.description}</p>
    ${op.parameters?.length ? html`<h3>Parameters</h3><${Table} rows=${op.parameters.map((p) => [p.name, p.schema, p.required, p.description])} />` : ''}
    ${body && html`<h3>Body · ${typeOf(body)}</h3><${Fields} schema=${body} /><${Types} schema=${body} />`}
    ${answer && html`<h3>Answer ${good[0]} · ${typeOf(answer)}</h3><${Fields} schema=${answer} /><${Types} schema=${answer} />`}
    <h3>Try it</h3><pre><code>${curl(path, method, op)}</code></pre>
    <p class="quiet small">${Object.entries(op.responses).map(([code, one]) => `${code} ${one.description || ''}`).join(' · ')}</p>
    <p class="quiet small">${op.security ? `asks for one of: ${op.security.flatMap(Object.keys).join(', ')}` : 'asks for no token'}</p></section>`;
}

render(html`<main class="docs"><h1>${api.info.title} API <small>${api.info.version}</small></h1><p>${api.info.description}</p><p><a href="/openapi.json">openapi.json</a> · <a href="/">Calls</a></p>
  <h2>Who may ask</h2><dl>${Object.entries(api.components?.securitySchemes || {}).map(([name, one]) => html`<dt><code>${name}</code></dt><dd>${one.scheme ? `Authorization: Bearer …` : `Cookie ${one.name}`}: ${one.description}</dd>`)}</dl>
  ${Object.entries(api.paths).flatMap(([path, ops]) => Object.entries(ops).map(([method, op]) => html`<${Operation} ...${{ path, method, op }} />`))}</main>`, document.getElementById('page'));
