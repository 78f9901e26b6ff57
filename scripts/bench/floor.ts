// The floor: the same Express and the same PostgreSQL doing the least that could answer — one statement, the stored text to the socket.
import { randomUUID } from 'node:crypto';
import express from 'express';
import pg from 'pg';

const READ = 'select body from floor where id = $1';
const SEARCH = 'select id, body from floor where family = $1 order by id limit 20';
const LIST = 'select id, body from floor_practitioner order by family, given, id limit 20 offset $1';
const ROLES = 'select body from floor_role where practitioner = any($1)';
const INSERT = 'insert into floor (id, family, body) values ($1, $2, $3)';
const TYPE = 'application/fhir+json; charset=utf-8';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const app = express().disable('etag').disable('x-powered-by');

app.get('/read/:id', async (req, res) => {
  const { rows } = await pool.query({ name: 'read', text: READ, values: [req.params.id] });
  res.setHeader('Content-Type', TYPE);
  res.end(rows[0].body);
});

app.get('/search', async (req, res) => {
  const { rows } = await pool.query({ name: 'search', text: SEARCH, values: [req.query.family] });
  const entries = rows.map(({ id, body }) => `{"fullUrl":"http://localhost/${id}","resource":${body},"search":{"mode":"match"}}`);
  res.setHeader('Content-Type', TYPE);
  res.end(`{"resourceType":"Bundle","type":"searchset","entry":[${entries.join(',')}]}`);
});

/** The rows of a page and what belongs to them, parsed and stringified: what a list in another shape cannot do without. */
app.get('/list', async (req, res) => {
  const { rows } = await pool.query({ name: 'list', text: LIST, values: [req.query.offset] });
  const roles = await pool.query({ name: 'roles', text: ROLES, values: [rows.map(({ id }) => id)] });
  res.json({ data: rows.map(({ body }) => JSON.parse(body)), roles: roles.rows.map(({ body }) => JSON.parse(body)) });
});

app.post('/create', express.json({ type: () => true }), async (req, res) => {
  const resource = { ...req.body, id: randomUUID() };
  const body = JSON.stringify(resource);
  await pool.query({ name: 'insert', text: INSERT, values: [resource.id, resource.name[0].family, body] });
  res.status(201).setHeader('Content-Type', TYPE);
  res.end(body);
});

const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));
