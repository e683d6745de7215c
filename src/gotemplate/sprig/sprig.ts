// The function map of sprig v3.3.0's text templates, all names of it: offered, or refused with a reason.

import type { FuncMap, TemplateFunc } from '../func.ts'
import { CASE_FUNCS } from './case.ts'
import { withCosts } from './costs.ts'
import { DATE_FUNCS } from './dates.ts'
import { DICT_FUNCS } from './dicts.ts'
import { ENCODING_FUNCS } from './encoding.ts'
import { JSON_FUNCS } from './json.ts'
import { LIST_FUNCS } from './lists.ts'
import { NUMERIC_FUNCS } from './numeric.ts'
import { PATH_FUNCS } from './paths.ts'
import { REFLECT_FUNCS } from './reflect.ts'
import { REFUSED } from './refused.ts'
import { REGEX_FUNCS } from './regex.ts'
import { SEMVER_FUNCS } from './semver.ts'
import { STRING_FUNCS } from './strings.ts'
import { URL_FUNCS } from './url.ts'

export const SPRIG: FuncMap = new Map<string, TemplateFunc | { readonly refused: string }>([
  ...withCosts(STRING_FUNCS),
  ...withCosts(CASE_FUNCS),
  ...withCosts(ENCODING_FUNCS),
  ...withCosts(NUMERIC_FUNCS),
  ...withCosts(REFLECT_FUNCS),
  ...withCosts(LIST_FUNCS),
  ...withCosts(DICT_FUNCS),
  ...withCosts(JSON_FUNCS),
  ...withCosts(REGEX_FUNCS),
  ...withCosts(SEMVER_FUNCS),
  ...withCosts(DATE_FUNCS),
  ...withCosts(URL_FUNCS),
  ...withCosts(PATH_FUNCS),
  ...REFUSED,
])
