import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.run'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-globals': ['error', { name: 'fetch', message: 'Only src/gateway speaks to the network.' }],
    },
  },
  { files: ['src/gateway/**', 'tests/**'], rules: { 'no-restricted-globals': 'off' } },
  // The simulated gateway reads its own loose records.
  { files: ['tests/**'], rules: { '@typescript-eslint/no-base-to-string': 'off' } },
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'jsx-a11y': jsxA11y, 'react-hooks': reactHooks },
    rules: {
      ...jsxA11y.flatConfigs.strict.rules,
      // Labels hold their field, or name it; either is heard.
      'jsx-a11y/label-has-associated-control': ['error', { assert: 'either', depth: 4 }],
      ...reactHooks.configs.recommended.rules,
      // Ours follow what is outside React: the wallet's account, the network's state.
      'react-hooks/set-state-in-effect': 'off',
    },
  },
  { files: ['tools/**', '*.js'], languageOptions: { globals: globals.node } },
  { files: ['public/**'], languageOptions: { globals: globals.browser } },
);
