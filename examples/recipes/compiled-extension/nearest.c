/* Squared distances of a vector to the rows of a matrix; the products come from the BLAS of the system. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern double ddot_(const int *n, const double *x, const int *step_x, const double *y, const int *step_y);

static PyObject *distances(PyObject *self, PyObject *args) {
    Py_buffer rows, wanted;
    if (!PyArg_ParseTuple(args, "y*y*", &rows, &wanted)) return NULL;
    const int width = (int)(wanted.len / (Py_ssize_t)sizeof(double)), step = 1;
    const Py_ssize_t count = width ? rows.len / wanted.len : 0;
    const double *x = rows.buf, *y = wanted.buf;
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++, x += width) {
        double d = ddot_(&width, x, &step, x, &step) - 2 * ddot_(&width, x, &step, y, &step) + ddot_(&width, y, &step, y, &step);
        PyList_SET_ITEM(list, i, PyFloat_FromDouble(d));
    }
    PyBuffer_Release(&rows);
    PyBuffer_Release(&wanted);
    return list;
}

static PyMethodDef methods[] = {{"distances", distances, METH_VARARGS, "Squared distances."}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_nearest", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__nearest(void) { return PyModule_Create(&module); }
