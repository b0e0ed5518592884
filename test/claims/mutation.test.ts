// SPDX-License-Identifier: MIT
// Each test of a claim fails when the behaviour is taken out of the model: a copy of the compiled model gets a text patch
// that takes it out, the test runs against that copy, and its assertion must fail.
import { AssertionError } from 'node:assert';
import test from 'ava';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { dueClaims } from './due.js';
import { mutations } from './mutations.js';
import { type PatchedModel, patchModel } from './patched-model.js';
import { proofCases } from './proof-cases.js';

const byName = new Map(proofCases.map(c => [c.name, c]));

/** How a case ends against a patched model: the error that it throws, or undefined when it does not notice. */
function endOf(name: string, model: PatchedModel): unknown {
  const target = new InProcess({ create: model.create });
  try {
    byName.get(name)!.run({ target, driver: new Driver(target).start() });
    return undefined;
  } catch (error) {
    return error;
  }
}

for (const mutation of mutations) {
  test(`taken out: ${mutation.name}`, async t => {
    const model = await patchModel(mutation);
    t.teardown(() => model.dispose());
    for (const name of mutation.breaks) {
      const error = endOf(name, model);
      t.true(
        error instanceof AssertionError,
        `"${name}" ${error === undefined ? 'does not notice' : `ends with ${error}`}`,
      );
    }
  });
}

test('the copy of the model is the model: without a change every case passes against it', async t => {
  const [some] = mutations;
  const model = await patchModel({ ...some, replace: some.find });
  t.teardown(() => model.dispose());
  for (const { name } of proofCases.slice(0, 10)) t.is(endOf(name, model), undefined, name);
});

test('every case that proves a claim is broken by a mutation, and every due claim has such a case', t => {
  const broken = new Set(mutations.flatMap(m => m.breaks));
  t.deepEqual(
    proofCases.map(c => c.name).filter(name => !broken.has(name)),
    [],
  );
  t.deepEqual(
    [...broken].filter(name => !byName.has(name)),
    [],
    'names of cases that are not there',
  );
  const proved = new Set(proofCases.flatMap(c => c.claims ?? []));
  t.deepEqual(
    dueClaims().filter(claim => !proved.has(claim)),
    [],
  );
});

test('a patch whose text is not there, or there twice, is refused', async t => {
  const patch = (find: string) =>
    patchModel({ name: '', file: 'model/push.js', find, replace: '', breaks: [] });
  await t.throwsAsync(patch('no such text'), { message: /stands 0 times/ });
  await t.throwsAsync(patch('const '), { message: /stands \d\d+ times/ });
});
