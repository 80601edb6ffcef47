# Writes the MAT and npz files of the tests (numpy, scipy).
import numpy as np
from scipy import io
A, B, C, D = np.array([[0., 1], [-2, -3]]), np.array([[0.], [1]]), np.array([[1., 0]]), np.array([[0.5]])
io.savemat("plain.mat", dict(A=A, B=B, C=C, D=D, Ts=0.1, note="text"))
io.savemat("struct.mat", dict(sys=dict(a=A, b=B, c=C, d=D, Ts=0.1)), do_compression=True)
io.savemat("tf.mat", dict(num=[[2., 1]], den=[[1., 3, 2]]))
io.savemat("two.mat", dict(P=dict(A=A, B=B, C=C), K=dict(A=A, B=B, C=C)))
io.savemat("other.mat", dict(x=A))
np.savez("plain.npz", A=A, B=B, C=C, D=D, Ts=0.1)
